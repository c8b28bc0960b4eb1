"""Level of a stretch of sound: rms and peak, dB re full scale; digital silence is None, never 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.types import F32

__all__ = ["Level", "LevelMeter", "dbfs"]


def dbfs(amplitude: float) -> float | None:
    """Amplitude (full scale = 1) to dB; None for zero."""
    return 20 * math.log10(amplitude) if amplitude > 0 else None


@dataclass(frozen=True, slots=True)
class Level:
    """How loud some seconds were."""

    rms_dbfs: float | None
    """dB re a full-scale square wave"""
    peak_dbfs: float | None
    """dB re full scale"""


class LevelMeter:
    """Adds blocks up until somebody reads."""

    def __init__(self) -> None:
        self.n_samples = 0
        self._energy = 0.0
        self._peak = 0.0

    def push(self, samples: F32) -> None:
        """Take a block (n,)."""
        if len(samples) == 0:
            return
        wide = samples.astype(np.float64)
        self.n_samples += len(samples)
        self._energy += float(wide @ wide)
        self._peak = max(self._peak, float(np.abs(samples).max()))

    def read(self) -> Level:
        """Level since the last reading, and start again."""
        rms = math.sqrt(self._energy / self.n_samples) if self.n_samples else 0.0
        level = Level(rms_dbfs=dbfs(rms), peak_dbfs=dbfs(self._peak))
        self.n_samples, self._energy, self._peak = 0, 0.0, 0.0
        return level
