"""Dense upright ORB descriptors through OpenCV, which is imported only when a bundle asks for ORB.

Rublee, Rabaud, Konolige, Bradski 2011, on a grid of points with angle 0: detected points of a
scalogram are unstable, and a grid keeps the frequency axis.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from edge.errors import ConfigError, StageError
from edge.types import Descriptors, Scalogram

__all__ = ["DenseOrb"]


@dataclass(frozen=True, slots=True, eq=False)
class DenseOrb:
    """Image (n_bands, n_frames) to descriptors (n_points, 256 + 1): bits as ±1/16, then frequency.

    The 256 bits as ±1/16 have unit length, so that Euclidean distance is the Hamming distance
    (‖a - b‖² = hamming / 64).
    """

    name: ClassVar[str] = "orb"
    n_bands: int
    n_frames: int
    patch: int
    """Side of the patch that a descriptor looks at, cells"""
    stride_bands: int
    stride_frames: int
    full_db: float
    """Level that becomes 255 in the 8-bit image, dB above the floor"""
    frequency_weight: float
    _orb: Any = field(init=False, repr=False)
    _keypoints: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            cv2 = importlib.import_module("cv2")
        except ModuleNotFoundError as error:
            raise ConfigError("an ORB bundle needs OpenCV: pip install 'tympan[orb]'. Got none instead.") from error
        # One level and no edge: OpenCV drops points near the border silently, and rescales the image a level.
        orb = cv2.ORB_create(nlevels=1, edgeThreshold=0, patchSize=self.patch)
        margin = self.patch // 2
        keypoints = [
            cv2.KeyPoint(float(x), float(y), float(self.patch), 0.0)
            for y in range(margin, self.n_bands - margin, self.stride_bands)
            for x in range(margin, self.n_frames - margin, self.stride_frames)
        ]
        object.__setattr__(self, "_orb", orb)
        object.__setattr__(self, "_keypoints", keypoints)

    def __call__(self, scalogram: Scalogram, /) -> Descriptors:
        """Describe the levels (n_bands, n_frames), dB above the floor."""
        level = scalogram.level_db
        if level.shape != (self.n_bands, self.n_frames):
            raise StageError(self.name, wanted=f"level_db must be ({self.n_bands}, {self.n_frames})", got=level.shape)
        if not np.isfinite(level).all():
            raise StageError(self.name, wanted="level_db must be finite", got="NaN or infinity")
        image = np.clip(np.rint(level * np.float32(255.0 / self.full_db)), 0, 255).astype(np.uint8)
        keypoints, packed = self._orb.compute(image, self._keypoints)
        if len(keypoints) != len(self._keypoints):
            raise StageError(self.name, wanted=f"{len(self._keypoints)} points described", got=len(keypoints))
        values = np.empty((len(packed), 257), dtype=np.float32)
        values[:, :256] = np.unpackbits(packed, axis=1).astype(np.float32) / 8.0 - 1.0 / 16.0
        place = np.array([point.pt[1] for point in keypoints], dtype=np.float32) * np.float32(2.0 / self.n_bands)
        values[:, 256] = np.float32(self.frequency_weight) * (place - np.float32(1.0))
        return Descriptors(values=values)
