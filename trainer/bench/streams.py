"""The two streams that everything is timed on, played round and round."""

from __future__ import annotations

import numpy as np

from edge.busy_sound import SPARSE_S, busy_sound, sparse_sound
from edge.types import F32

__all__ = ["BACKGROUND", "BUSY", "PERIOD_S", "Tape", "make_streams"]

BUSY = "busy"
BACKGROUND = "background"
PERIOD_S = SPARSE_S


def make_streams(rate_hz: int) -> dict[str, F32]:
    """One period of each, (n_samples,): sound all the time; steady noise with sound in it for 30 % of the time."""
    return {BUSY: busy_sound(PERIOD_S, rate_hz), BACKGROUND: sparse_sound(rate_hz)}


class Tape:
    """Blocks of a sound (n_samples,) that begins again where it ends."""

    def __init__(self, sound: F32, *, start: int = 0) -> None:
        self._sound = sound
        self._at = start

    def take(self, n_samples: int) -> F32:
        """The next samples (n_samples,)."""
        places = np.arange(self._at, self._at + n_samples) % len(self._sound)
        self._at = (self._at + n_samples) % len(self._sound)
        return self._sound[places]
