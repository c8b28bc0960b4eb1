"""Training images through SVD and quantised autoencoder and the descriptor: what the head learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from edge.purify import Purifier
from edge.stages.codebook import Codebook
from edge.types import F32, Descriptors, Scalogram
from trainer.fit.descriptor import Describe
from trainer.fit.images import Images

__all__ = ["Purified", "Row", "purify_all"]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One image of one window, described."""

    purified: Descriptors
    """Of the purified image"""
    raw: Descriptors | None
    """Of the enhanced image; kept for the windows whose indicators are needed"""
    residuals: F32
    """(2,): what the autoencoder and the SVD took away, dB"""


@dataclass(frozen=True, slots=True, eq=False)
class Purified:
    """All windows: clean, then the noisy and the shifted copies that the head learns from."""

    rows: tuple[tuple[Row, ...], ...]
    """n_copies of n_windows; the second is a noisy twin"""
    classes: NDArray[np.intp]
    """(n_windows,)"""
    folds: NDArray[np.intp]
    """(n_windows,)"""

    def encode(self, codebook: Codebook, windows: NDArray[np.intp]) -> F32:
        """Encodings (n_copies · n, n_dims) of these windows, copy by copy."""
        return np.array([codebook(copy[i].purified).values for copy in self.rows for i in windows])


def purify_all(
    images: Images, purifier: Purifier, describe: Describe, copies: Sequence[int], *, n_raw: int = 2
) -> Purified:
    """These copies of the images through the stages of the edge, one by one; the first `n_raw` raw, too."""
    n_windows = len(images.classes)
    rows = []
    with tqdm(total=len(copies) * n_windows, desc="purify", unit="image", disable=None) as bar:
        for copy in copies:
            found = []
            for i in range(n_windows):
                enhanced = Scalogram(images.enhanced[copy, i], peak_db=0.0)
                purified = purifier(enhanced)
                raw = describe(enhanced) if copy in copies[:n_raw] else None
                found.append(Row(describe(purified.image), raw, purified.residuals))
                bar.update()
            rows.append(tuple(found))
    return Purified(rows=tuple(rows), classes=images.classes, folds=images.folds)
