"""Where each class's windows lie among the encodings, and how they spread: what is far from them is new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from edge.types import F32

__all__ = ["ClassSpread", "fit_spread"]

N_WHITE = 64
"""Components kept: more than the SVM has, for they need not tell the classes apart"""
RIDGE = 1e-4
"""Added to the variance of every component: unit vectors spread over 64 of them have about 1e-2 each"""


@dataclass(frozen=True, slots=True, eq=False)
class ClassSpread:
    """Components in which all classes spread alike about their means, in all directions."""

    projection: F32
    """(n_white, n_dims)"""
    means: F32
    """(n_classes, n_white), so that |projection·x - mean|² is the squared Mahalanobis distance"""


def fit_spread(encodings: F32, classes: NDArray[np.intp], n_classes: int) -> ClassSpread:
    """Of encodings (n, n_dims) with class indices (n,)."""
    _, _, leading = randomized_svd(encodings, min(N_WHITE, *encodings.shape), n_iter=4, random_state=0)
    z = encodings @ leading.T.astype(np.float64)
    means = np.array([z[classes == k].mean(axis=0) for k in range(n_classes)])
    away = z - means[classes]
    covariance = away.T @ away / len(z) + RIDGE * np.eye(z.shape[1])
    # covariance⁻¹ = L⁻ᵀ·L⁻¹ with its Cholesky factor L.
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    # Rounded, for the bundle holds it in float16.
    projection = (whitener @ leading).astype(np.float16).astype(np.float32)
    white = encodings @ projection.T
    return ClassSpread(projection, np.array([white[classes == k].mean(axis=0) for k in range(n_classes)]))
