"""The SVD dimension reduction, as a rank-k reconstruction of the scalogram."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Scalogram

__all__ = ["LowRank"]


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """Rank-k reconstruction of a scalogram (the paper's dimension reduction, section IV-B).

    Deterministic: the range finder's test matrix is part of the bundle, one power iteration
    (Halko, Martinsson, Tropp 2011, algorithm 4.4), then the exact SVD of the small matrix.
    """

    name: ClassVar[str] = "lowrank"
    test_matrix: F32
    """(n_frames, rank + oversampling), fixed at fit time"""
    rank: int
    """1 <= rank <= 32"""

    def __post_init__(self) -> None:
        if not 1 <= self.rank <= min(32, self.test_matrix.shape[1]):
            raise StageError(
                self.name, wanted="rank must be in [1, 32], at most the test matrix's width", got=self.rank
            )

    def __call__(self, scalogram: Scalogram, /) -> Scalogram:
        """Levels (n_bands, n_frames), >= 0, to their rank-k part, clipped at 0."""
        level = scalogram.level_db
        if level.ndim != 2 or level.shape[1] != self.test_matrix.shape[0]:
            raise StageError(self.name, wanted=f"{self.test_matrix.shape[0]} frames", got=level.shape)
        if not np.isfinite(level).all():
            raise StageError(self.name, wanted="level_db must be finite", got="NaN or infinity")
        basis, _ = np.linalg.qr(level @ self.test_matrix)
        basis, _ = np.linalg.qr(level @ (level.T @ basis))
        small = basis.T @ level
        # The k leading left vectors of the small matrix, through its (width, width) Gram matrix.
        _, vectors = np.linalg.eigh(small @ small.T)
        leading = basis @ vectors[:, ::-1][:, : self.rank]
        return replace(scalogram, level_db=np.maximum(leading @ (leading.T @ level), np.float32(0.0)))
