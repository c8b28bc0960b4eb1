"""Enhancement: everything the later stages see is relative to the window's loudest cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Scalogram

__all__ = ["Enhance"]


@dataclass(frozen=True, slots=True)
class Enhance:
    """Relative floor, optional background subtraction, highboost and smoothing.

    Cells more than `floor_db` below the loudest cell of the window become 0: an attacker gains
    nothing by changing them. Background subtraction and highboost follow the paper's enhancement
    (section IV) and are off by default: at full strength they cost accuracy.
    """

    name: ClassVar[str] = "enhance"
    floor_db: float
    """Range kept below the window's peak, dB > 0"""
    background: float
    """Share of each band's median level over time that is subtracted, in [0, 1]; 0 = off"""
    highboost: float
    """Weight of (image - its 5x5 mean) that is added, >= 0; 0 = off"""
    blur: int
    """Side of the mean filter over bands and frames, odd; 1 = off"""

    def __call__(self, scalogram: Scalogram, /) -> Scalogram:
        """Levels (n_bands, n_frames) in dB to dB above the floor, in [0, floor_db]."""
        level = scalogram.level_db
        if level.ndim != 2 or min(level.shape) < 8:
            raise StageError(self.name, wanted="level_db must be (n_bands, n_frames), each >= 8", got=level.shape)
        if not np.isfinite(level).all():
            raise StageError(self.name, wanted="level_db must be finite", got="NaN or infinity")
        peak_db = float(level.max())
        image = np.clip(level - np.float32(peak_db - self.floor_db), 0.0, None)
        if self.background > 0:
            image = image - np.float32(self.background) * np.median(image, axis=1, keepdims=True)
        if self.highboost > 0:
            image = image + np.float32(self.highboost) * (image - _mean_filter(image, 5))
        if self.blur > 1:
            image = _mean_filter(image, self.blur)
        return Scalogram(level_db=np.clip(image, 0.0, np.float32(self.floor_db)), peak_db=peak_db)


def _mean_filter(image: F32, side: int) -> F32:
    """Box mean over `side` x `side` cells, edges repeated."""
    half = side // 2
    for _ in range(2):
        n = len(image)
        padded = np.concatenate([np.repeat(image[:1], half, axis=0), image, np.repeat(image[-1:], half, axis=0)])
        total = padded[:n] + padded[1 : n + 1]
        for first in range(2, side):
            total += padded[first : first + n]
        # Along bands first, then along frames: after two turns the axes stand as they stood.
        image = (total / np.float32(side)).T
    return np.ascontiguousarray(image)
