"""How long to wait before the next attempt: doubling, with jitter, up to a limit."""

from __future__ import annotations

import random

__all__ = ["Backoff"]


class Backoff:
    """Waits of first_s, 2·first_s, … max_s, each times a random factor in [0.5, 1].

    The jitter keeps a fleet from reconnecting in step after the broker's restart.
    """

    def __init__(self, *, first_s: float = 0.5, max_s: float = 60.0, seed: int | None = None) -> None:
        self._first_s = min(first_s, max_s)
        self._max_s = max_s
        self._next_s = self._first_s
        self._random = random.Random(seed)

    def wait_s(self) -> float:
        """Seconds to wait now; the next wait is longer."""
        base, self._next_s = self._next_s, min(2 * self._next_s, self._max_s)
        return base * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked: the next failure starts from the shortest wait."""
        self._next_s = self._first_s
