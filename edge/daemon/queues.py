"""A queue that never grows and never blocks its writer: the oldest item goes, and is counted."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

__all__ = ["DropOldest"]

T = TypeVar("T")


class DropOldest(Generic[T]):
    """Bounded, first in first out, thread-safe."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._items: deque[T] = deque()
        self._dropped = 0
        self._changed = threading.Condition()

    def put(self, item: T, *, patience_s: float = 0.0) -> None:
        """Append an item, waiting up to `patience_s` for room before the oldest is dropped."""
        deadline = time.monotonic() + patience_s
        with self._changed:
            while len(self._items) >= self.capacity and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            self._items.append(item)
            if len(self._items) > self.capacity:
                self._items.popleft()
                self._dropped += 1

    def get(self) -> T | None:
        """The oldest item, or None."""
        with self._changed:
            if not self._items:
                return None
            self._changed.notify()
            return self._items.popleft()

    def drop(self, n: int = 1) -> None:
        """Count items that their reader threw away."""
        with self._changed:
            self._dropped += n

    @property
    def dropped(self) -> int:
        """Items that nobody got."""
        with self._changed:
            return self._dropped

    def __len__(self) -> int:
        with self._changed:
            return len(self._items)
