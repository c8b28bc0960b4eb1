"""Where each class's windows lie among the SVM's components, and how they spread: what is far from them is new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import F32

__all__ = ["ClassSpread", "fit_spread"]

RIDGE = 1e-4
"""Added to the variance of every component: unit vectors spread over 128 of them have about 5e-3 each"""


@dataclass(frozen=True, slots=True, eq=False)
class ClassSpread:
    """A mean a class, and one covariance for all."""

    means: F32
    """(n_classes, n_components)"""
    whitener: F32
    """(n_components, n_components), with |whitener·(z - mean)|² the squared Mahalanobis distance"""


def fit_spread(components: F32, classes: NDArray[np.intp], n_classes: int) -> ClassSpread:
    """Of components (n, n_components) with class indices (n,)."""
    z = components.astype(np.float64)
    means = np.array([z[classes == k].mean(axis=0) for k in range(n_classes)])
    away = z - means[classes]
    covariance = away.T @ away / len(z) + RIDGE * np.eye(z.shape[1])
    # covariance⁻¹ = L⁻ᵀ·L⁻¹ with its Cholesky factor L.
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    return ClassSpread(means=means.astype(np.float32), whitener=whitener.astype(np.float32))
