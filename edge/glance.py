"""A first look at the newest sound: has anything changed since the window that was judged last.

Where nothing has, the verdict can hardly have either, and the path behind is not walked. The look is one
FFT for each block of 50 ms, summed to a dozen bands. Levels below the enhancement's floor count as the
floor: the path does not see what happens there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.framing import n_moved
from edge.types import F32, Window

__all__ = ["Watch"]

BLOCK_S = 0.05
BANDS_HZ = (40, 80, 160, 320, 500, 750, 1000, 1500, 2000, 3000, 4000, 5500, 8000)
"""Edges of the bands"""
BLOCKS_A_PART = 20
"""A window is compared part by part, a second each: a faint sound does not drown in the mean of five"""
RISE_DB = 3.0
"""A band's loudest block may be louder by this than the loudest before, and nothing is new"""
DRIFT_DB = 1.5
"""A band's mean power may differ by this from that of every part before, and nothing has come or gone"""
DEVIATIONS = 3.0
"""Standard deviations by which the mean power of steady noise may differ on top: narrow bands wander more"""
SILENT_POWER = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """Band levels of some parts of a sound, dB."""

    loudest_db: F32
    """(n_parts, n_bands), of each part's loudest block"""
    mean_db: F32
    """(n_parts, n_bands), of each part's mean power"""


class Watch:
    """Follows the windows of one source at `rate_hz`; `floor_db` is the enhancement's range below the peak."""

    def __init__(self, *, rate_hz: int, floor_db: float) -> None:
        self._n_block = round(BLOCK_S * rate_hz)
        self._floor_db = floor_db
        self._edges = np.array([round(hz * BLOCK_S) for hz in BANDS_HZ if hz <= rate_hz / 2], dtype=np.intp)
        # Noise of n bins and blocks is the mean of n exponentials: the difference of two such means, in dB.
        n_means = np.diff(self._edges) * BLOCKS_A_PART
        self._drift_db = DRIFT_DB + DEVIATIONS * 10 / np.log(10) * np.sqrt(2.0 / n_means).astype(np.float32)
        self._before: Window | None = None
        self._powers = np.empty((0, len(self._edges) - 1), dtype=np.float32)
        """(n_blocks, n_bands), of the last window"""
        self._judged: _Look | None = None

    def __call__(self, window: Window, /) -> bool:
        """Take the next window: True if it shows nothing but what the judged one has shown."""
        n_new = n_moved(self._before, window)
        self._before = window
        if n_new is None or n_new % self._n_block or n_new >= len(window.samples):
            self._powers = self._band_powers(window.samples)
            self._judged = None
            return False
        new = self._band_powers(window.samples[-n_new:])
        self._powers = np.concatenate([self._powers[len(new) :], new])
        now = self._powers[-max(BLOCKS_A_PART, len(new)) :]
        return self._judged is not None and not self._differ(self._judged, _look(now, len(now)))

    def judged(self) -> None:
        """The last window is judged: what comes is compared with it."""
        self._judged = _look(self._powers, BLOCKS_A_PART)

    def _band_powers(self, samples: F32) -> F32:
        """Mean squares (n_blocks, n_bands) of samples (n_samples,), in whole blocks counted from their end."""
        n_blocks = len(samples) // self._n_block
        blocks = samples[len(samples) - n_blocks * self._n_block :].reshape(n_blocks, self._n_block)
        spectrum = np.fft.rfft(blocks, axis=1)
        power = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, self._edges, axis=1)[:, :-1]
        return np.asarray(power * (2.0 / self._n_block**2), dtype=np.float32)

    def _differ(self, judged: _Look, now: _Look) -> bool:
        floor = np.float32(max(judged.loudest_db.max(), now.loudest_db.max()) - self._floor_db)
        loudest, mean = np.maximum(judged.loudest_db, floor), np.maximum(judged.mean_db, floor)
        louder = np.maximum(now.loudest_db[0], floor) > loudest.max(axis=0) + RISE_DB
        other = np.abs(np.maximum(now.mean_db[0], floor) - mean) > self._drift_db
        return bool(louder.any() or other.any())


def _look(powers: F32, n_part: int) -> _Look:
    """Levels of parts of n_part blocks, counted from the end of powers (n_blocks, n_bands)."""
    n_parts = max(1, len(powers) // n_part)
    parts = powers[-n_parts * n_part :].reshape(n_parts, -1, powers.shape[1])
    return _Look(_db(parts.max(axis=1)), _db(parts.mean(axis=1)))


def _db(power: F32) -> F32:
    return np.asarray(10.0 * np.log10(np.maximum(power, np.float32(SILENT_POWER))), dtype=np.float32)
