"""The two streams that everything is timed on, played round and round."""

from __future__ import annotations

import numpy as np

from edge.busy_sound import busy_sound
from edge.types import F32

__all__ = ["BACKGROUND", "BUSY", "EVENTS", "PERIOD_S", "Tape", "make_streams"]

BUSY = "busy"
BACKGROUND = "background"
PERIOD_S = 60
EVENTS = ((6, 9), (20, 25), (38, 48))
"""Start and end of each event in the background, seconds: 18 of 60, so that 70 % is background"""
BACKGROUND_DBFS = -40.0
"""Level of the background, root mean square: quiet, but loud enough to be judged"""
SEED = 2


def make_streams(rate_hz: int) -> dict[str, F32]:
    """One period of each, (n_samples,): sound all the time; steady noise with sound in it for 30 % of the time."""
    busy = busy_sound(PERIOD_S, rate_hz)
    noise = np.random.default_rng(SEED).standard_normal(len(busy))
    background = (noise * 10.0 ** (BACKGROUND_DBFS / 20.0)).astype(np.float32)
    for start_s, end_s in EVENTS:
        event = slice(start_s * rate_hz, end_s * rate_hz)
        background[event] += busy[event]
    return {BUSY: busy, BACKGROUND: np.clip(background, -1.0, 1.0)}


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
