"""The K-means++ codebook: a bag of descriptors to one vector for the window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from edge.errors import StageError
from edge.types import F32, Descriptors, Encoding

__all__ = ["ENCODINGS", "Codebook", "EncodingName"]

EncodingName = Literal["vlad", "bow", "distance"]
ENCODINGS: tuple[EncodingName, ...] = ("vlad", "bow", "distance")


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """Encode descriptors, projected on `axes`, against `words`; the result has unit length.

    vlad : sums of residuals to the nearest word, (n_words · n_dims,), signed square root
           (Jégou, Douze, Schmid, Pérez 2010; Arandjelović, Zisserman 2013)
    bow : histogram of nearest words, (n_words,), square root (the paper's section IV-E)
    distance : mean distance of the descriptors to each word, (n_words,), centred: Coates and Ng's
           triangle activation 2012, max(0, mean - distance), averaged over descriptors
    """

    name: ClassVar[str] = "codebook"
    axes: F32
    """(n_descriptor, n_dims): the descriptors' principal axes, scaled so that strong ones do not drown weak ones"""
    words: F32
    """(n_words, n_dims)"""
    encoding: EncodingName
    _half_squares: F32 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise StageError(self.name, wanted=f"encoding must be one of {', '.join(ENCODINGS)}", got=self.encoding)
        if self.axes.ndim != 2 or self.axes.shape[1:] != self.words.shape[1:]:
            wanted = f"axes must be (n_descriptor, {self.words.shape[-1]})"
            raise StageError(self.name, wanted=wanted, got=self.axes.shape)
        object.__setattr__(self, "_half_squares", 0.5 * np.sum(self.words**2, axis=1, dtype=np.float32))

    @property
    def n_dims(self) -> int:
        """Length of the encoding."""
        return int(self.words.size if self.encoding == "vlad" else len(self.words))

    def __call__(self, descriptors: Descriptors, /) -> Encoding:
        """Encode the values (n_points, n_descriptor)."""
        given = descriptors.values
        if given.ndim != 2 or given.shape[1] != len(self.axes) or len(given) == 0:
            raise StageError(self.name, wanted=f"(n >= 1, {len(self.axes)}) descriptors", got=given.shape)
        if not np.isfinite(given).all():
            raise StageError(self.name, wanted="finite descriptors", got="NaN or infinity")
        values: F32 = given @ self.axes
        # argmin |x - w|² = argmax x·w - |w|² / 2: one matrix product.
        affinity = values @ self.words.T - self._half_squares
        nearest = affinity.argmax(axis=1)
        squares = np.einsum("ij,ij->i", values, values)
        best = affinity[np.arange(len(values)), nearest]
        distance = float(np.mean(np.sqrt(np.maximum(squares - 2.0 * best, 0.0))))
        if self.encoding == "distance":
            raw = self._triangle(squares, affinity)
        else:
            counts = np.bincount(nearest, minlength=len(self.words)).astype(np.float32)
            raw = counts if self.encoding == "bow" else self._residuals(values, nearest, counts).ravel()
        rooted = np.sign(raw) * np.sqrt(np.abs(raw))
        unit: F32 = (rooted / max(float(np.linalg.norm(rooted)), 1e-9)).astype(np.float32, copy=False)
        return Encoding(values=unit, distance=distance)

    def _residuals(self, values: F32, nearest: NDArray[np.intp], counts: F32) -> F32:
        """Sum of values - word over the values of each word, (n_words, n_dims)."""
        sums = np.zeros(self.words.shape, dtype=np.float32)
        used = np.flatnonzero(counts)
        firsts = (np.cumsum(counts[used]) - counts[used]).astype(np.intp)
        sums[used] = np.add.reduceat(values[nearest.argsort(kind="stable")], firsts, axis=0)
        return sums - counts[:, None] * self.words

    @staticmethod
    def _triangle(squares: F32, affinity: F32) -> F32:
        distances = np.sqrt(np.maximum(squares[:, None] - 2.0 * affinity, 0.0))
        active: F32 = np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0.0).mean(axis=0)
        return active
