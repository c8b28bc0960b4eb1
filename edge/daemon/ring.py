"""Some seconds of sound between a capture thread and the inference thread, bounded.

Positions count samples since the source started, lost ones included, so that a position is a time
on the capture clock whatever went missing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.types import F32

__all__ = ["Chunk", "Ring"]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Sound without a gap inside."""

    samples: F32
    """(n_samples,), full scale = ±1"""
    start: int
    """Position of the first sample"""
    wall_s: float
    """Unix time of the last sample"""
    arrived_s: float
    """Monotonic time at which the last sample came here"""

    @property
    def end(self) -> int:
        """Position behind the last sample."""
        return self.start + len(self.samples)


class Ring:
    """One writer, one reader.

    Parameters
    ----------
    capacity : samples
    patient : a writer waits for room (files, pipes) instead of pushing out the oldest (microphones)
    wake : called after each write and on close, so that one reader can watch many rings
    """

    def __init__(self, capacity: int, *, patient: bool, wake: Callable[[], object]) -> None:
        self.capacity = capacity
        self.patient = patient
        self._wake = wake
        self._chunks: deque[Chunk] = deque()
        self._held = 0
        self._head = 0
        self._lost = 0
        self._closed = False
        self.whole = False
        self._changed = threading.Condition()

    def write(self, samples: F32, wall_s: float) -> None:
        """Append a block (n,); `wall_s` is the Unix time of its last sample."""
        with self._changed:
            if self.patient:
                self._changed.wait_for(lambda: self._closed or self._fits(len(samples)))
            if self._closed:
                return
            self._chunks.append(Chunk(samples, self._head, wall_s, time.monotonic()))
            self._head += len(samples)
            self._held += len(samples)
            while self._held > self.capacity and len(self._chunks) > 1:
                oldest = self._chunks.popleft()
                self._held -= len(oldest.samples)
                self._lost += len(oldest.samples)
        self._wake()

    def skip(self, n_samples: int) -> None:
        """Leave a gap: sound that the source knows it has lost."""
        with self._changed:
            self._head += n_samples
            self._lost += n_samples

    def read(self) -> Chunk | None:
        """Everything up to the next gap; None if there is nothing yet."""
        with self._changed:
            if not self._chunks:
                return None
            taken = [self._chunks.popleft()]
            while self._chunks and self._chunks[0].start == taken[-1].end:
                taken.append(self._chunks.popleft())
            samples = np.concatenate([chunk.samples for chunk in taken])
            self._held -= len(samples)
            self._changed.notify_all()
            return Chunk(samples, taken[0].start, taken[-1].wall_s, taken[-1].arrived_s)

    def close(self, *, whole: bool = False) -> None:
        """No more sound; `whole` if the source came to its own end, so that a short one is padded and judged."""
        with self._changed:
            self._closed = True
            self.whole = self.whole or whole
            self._changed.notify_all()
        self._wake()

    @property
    def finished(self) -> bool:
        """Closed, and everything was read."""
        with self._changed:
            return self._closed and not self._chunks

    @property
    def lost(self) -> int:
        """Samples pushed out unread or skipped since the start."""
        with self._changed:
            return self._lost

    def _fits(self, n_samples: int) -> bool:
        """An empty ring takes any block, or a block larger than the ring would wait for ever."""
        return not self._chunks or self._held + n_samples <= self.capacity
