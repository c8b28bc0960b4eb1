"""The polynomial SVM, and its exact folding into quadratic forms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.svm import SVC
from sklearn.utils.extmath import randomized_svd

from edge.stages.svm import QuadraticSvm
from edge.types import F32
from trainer.config import SvmConfig
from trainer.errors import TrainerError

__all__ = ["KernelMachines", "fit_kernel", "fit_svm", "fit_temperature"]

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class KernelMachines:
    """One-against-rest SVMs with the kernel (coef0 + gamma·x·x')^degree."""

    support: F64
    """(n_support, n_dims), all training vectors that support some class"""
    dual: F64
    """(n_classes, n_support)"""
    bias: F64
    """(n_classes,)"""


def fit_kernel(encodings: F32, classes: NDArray[np.intp], n_classes: int, config: SvmConfig) -> KernelMachines:
    """Fit on encodings (n, n_dims) with class indices (n,)."""
    missing = sorted(set(range(n_classes)) - set(classes.tolist()))
    if missing:
        raise TrainerError(f"svm: sounds of every class wanted. Got none of class {missing[0]} instead.")
    vectors = encodings.astype(np.float64)
    dual = np.zeros((n_classes, len(vectors)))
    bias = np.zeros(n_classes)
    # The kernel once for all classes, by one matrix product; libsvm would compute it again for each.
    kernel = (config.coef0 + config.gamma * (vectors @ vectors.T)) ** config.degree
    for k in range(n_classes):
        machine = SVC(kernel="precomputed", C=config.cost)
        machine.fit(kernel, classes == k)
        dual[k, machine.support_] = machine.dual_coef_[0]
        bias[k] = machine.intercept_[0]
    used = np.any(dual != 0.0, axis=0)
    return KernelMachines(support=vectors[used], dual=dual[:, used], bias=bias)


def fit_svm(encodings: F32, classes: NDArray[np.intp], n_classes: int, config: SvmConfig) -> QuadraticSvm:
    """Project, fit kernel SVMs on the components, fold them; the temperature is 1 until it is fitted.

    The projection is a truncated SVD without centring: of all with as many components it keeps the
    inner products of the encodings best, and these are all that the kernel sees.

    Σᵢ αᵢ (c + γ vᵢ·z)² = zᵀ (γ² Σ αᵢ vᵢvᵢᵀ) z + (2cγ Σ αᵢ vᵢ)·z + c² Σ αᵢ, and of degree 1 (γ Σ αᵢ vᵢ)·z + c Σ αᵢ.
    """
    n_components = min(config.n_components, *encodings.shape)
    _, _, leading = randomized_svd(encodings, n_components, n_iter=4, random_state=0)
    # Rounded before the SVM sees it: the bundle holds the projection, its largest array, in float16.
    projection = leading.astype(np.float16).astype(np.float32)
    reduced = encodings @ projection.T
    machines = fit_kernel(reduced, classes, n_classes, config)
    alpha, v = machines.dual, machines.support
    # Of degree 1 the squares have the weight 0: one form for both on the device.
    square = config.gamma**2 if config.degree == 2 else 0.0
    quad = square * np.einsum("ks,si,sj->kij", alpha, v, v, optimize=True)
    linear = config.degree * config.coef0 ** (config.degree - 1) * config.gamma * alpha @ v
    bias = machines.bias + config.coef0**config.degree * alpha.sum(axis=1)
    rows, columns = np.triu_indices(n_components)
    packed = quad[:, rows, columns] * np.where(rows == columns, 1.0, 2.0)
    return QuadraticSvm(
        projection=projection,
        quad=np.ascontiguousarray(packed, dtype=np.float32),
        linear=np.ascontiguousarray(linear, dtype=np.float32),
        bias=bias.astype(np.float32),
        temperature=1.0,
    )


def fit_temperature(svm: QuadraticSvm, scores: F32, classes: NDArray[np.intp]) -> QuadraticSvm:
    """The temperature that makes out-of-fold scores (n, n_classes) most likely (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        z = scores / np.exp(log_temperature)
        z = z - z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), classes]))

    best = minimize_scalar(loss, bounds=(np.log(0.01), np.log(10.0)), method="bounded")
    return replace(svm, temperature=round(float(np.exp(best.x)), 6))
