"""The polynomial SVM, folded into one quadratic form a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Encoding, Scores

__all__ = ["QuadraticSvm"]


@dataclass(frozen=True, slots=True, eq=False)
class QuadraticSvm:
    """score_c = zᵀ·Q_c·z + l_c·z + b_c with z = projection·(encoding - mean).

    Exact for a one-against-rest SVM with the kernel (coef0 + γ·z·z')²: the sum over support vectors
    of α·(coef0 + γ·v·z)² is a quadratic polynomial in z (Chang et al. 2010, section 3).
    """

    name: ClassVar[str] = "svm"
    mean: F32
    """(n_dims,)"""
    projection: F32
    """(n_components, n_dims)"""
    quad: F32
    """(n_classes, n_components, n_components), symmetric"""
    linear: F32
    """(n_classes, n_components)"""
    bias: F32
    """(n_classes,)"""
    temperature: float
    """Probabilities are softmax(scores / temperature) (Guo et al. 2017); > 0"""

    def __call__(self, encoding: Encoding, /) -> Scores:
        """Score the values (n_dims,)."""
        values = encoding.values
        if values.shape != self.mean.shape:
            raise StageError(self.name, wanted=f"an encoding {self.mean.shape}", got=values.shape)
        if not np.isfinite(values).all():
            raise StageError(self.name, wanted="a finite encoding", got="NaN or infinity")
        z = self.projection @ (values - self.mean)
        scores = (self.quad @ z) @ z + self.linear @ z + self.bias
        shifted = np.exp((scores - scores.max()) / np.float32(self.temperature))
        return Scores(values=scores, probabilities=shifted / shifted.sum())
