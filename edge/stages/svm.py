"""The polynomial SVM, folded into one quadratic form a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import StageError
from edge.types import F32, Encoding, Scores

__all__ = ["QuadraticSvm"]


@dataclass(frozen=True, slots=True, eq=False)
class QuadraticSvm:
    """score_c = Σ_{i<=j} quad_cij·z_i·z_j + linear_c·z + bias_c with z = projection·encoding.

    Exact for a one-against-rest SVM with the kernel (coef0 + γ·z·z')²: the sum over support vectors
    of α·(coef0 + γ·v·z)² is a quadratic polynomial in z (Chang et al. 2010, section 3).
    """

    name: ClassVar[str] = "svm"
    projection: F32
    """(n_components, n_dims)"""
    quad: F32
    """(n_classes, n_components · (n_components + 1) / 2), of the products z_i·z_j, i <= j, row by row"""
    linear: F32
    """(n_classes, n_components)"""
    bias: F32
    """(n_classes,)"""
    temperature: float
    """Probabilities are softmax(scores / temperature) (Guo et al. 2017); > 0"""
    _upper: tuple[NDArray[np.intp], NDArray[np.intp]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.projection)
        if self.quad.shape[1:] != (n * (n + 1) // 2,) or self.linear.shape[1:] != (n,) or self.temperature <= 0:
            wanted = f"a quadratic form of {n} components, and a temperature > 0"
            raise StageError(self.name, wanted=wanted, got=(self.quad.shape, self.linear.shape, self.temperature))
        object.__setattr__(self, "_upper", np.triu_indices(n))

    def __call__(self, encoding: Encoding, /) -> Scores:
        """Score the values (n_dims,)."""
        values = encoding.values
        if values.shape != self.projection.shape[1:]:
            raise StageError(self.name, wanted=f"an encoding {self.projection.shape[1:]}", got=values.shape)
        if not np.isfinite(values).all():
            raise StageError(self.name, wanted="a finite encoding", got="NaN or infinity")
        z = self.projection @ values
        scores = self.quad @ np.outer(z, z)[self._upper] + self.linear @ z + self.bias
        shifted = np.exp((scores - scores.max()) / np.float32(self.temperature))
        return Scores(values=scores, probabilities=shifted / shifted.sum())
