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

MAX_ROWS = 12_000
"""A kernel of so many encodings and their copies takes 1.2 GB; a larger set gives its copies in part"""
N_BASIS = 400
"""Principal components in which the active directions are looked for: nearly all of the encodings' energy"""
N_GRADIENTS = 4000
"""Encodings at which gradients are taken, at most"""


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
    """Fit on encodings (n, n_dims) with class indices (n,), on MAX_ROWS of them at most."""
    if len(encodings) > MAX_ROWS:
        evenly = np.linspace(0, len(encodings) - 1, MAX_ROWS).astype(np.intp)
        encodings, classes = encodings[evenly], classes[evenly]
    missing = sorted(set(range(n_classes)) - set(classes.tolist()))
    if missing:
        raise TrainerError(f"svm: sounds of every class wanted. Got none of class {missing[0]} instead.")
    vectors = encodings.astype(np.float64)
    dual = np.zeros((n_classes, len(vectors)))
    bias = np.zeros(n_classes)
    # The kernel once for all classes, by one matrix product; libsvm would compute it again for each.
    kernel = vectors @ vectors.T
    kernel *= config.gamma
    kernel += config.coef0
    kernel **= config.degree
    for k in range(n_classes):
        machine = SVC(kernel="precomputed", C=config.cost)
        machine.fit(kernel, classes == k)
        dual[k, machine.support_] = machine.dual_coef_[0]
        bias[k] = machine.intercept_[0]
    used = np.any(dual != 0.0, axis=0)
    return KernelMachines(support=vectors[used], dual=dual[:, used], bias=bias)


def fit_svm(encodings: F32, classes: NDArray[np.intp], n_classes: int, config: SvmConfig) -> QuadraticSvm:
    """Project, fit kernel SVMs on the components, fold them; the temperature is 1 until it is fitted.

    The components are those in which the decision values of kernel SVMs on whole encodings change most: the
    leading directions of the mean of their gradients' outer products (active subspace: Constantine, Dow, Wang
    2014). A few of them lose nothing; of principal components, which keep what is loud instead of what
    matters, three times as many lost up to three points.

    Σᵢ αᵢ (c + γ vᵢ·z)² = zᵀ (γ² Σ αᵢ vᵢvᵢᵀ) z + (2cγ Σ αᵢ vᵢ)·z + c² Σ αᵢ, and of degree 1 (γ Σ αᵢ vᵢ)·z + c Σ αᵢ.
    """
    n_components = min(config.n_components, *encodings.shape)
    leading = active_directions(encodings, classes, n_classes, config)[:n_components]
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


def active_directions(encodings: F32, classes: NDArray[np.intp], n_classes: int, config: SvmConfig) -> F32:
    """Orthonormal directions (n_basis, n_dims), those first in which the decision values change most."""
    _, _, basis = randomized_svd(encodings, min(N_BASIS, *encodings.shape), n_iter=2, random_state=0)
    machines = fit_kernel(encodings @ basis.T, classes, n_classes, config)
    asked = encodings[:: -(-len(encodings) // N_GRADIENTS)]
    # The gradient at x is γ·degree·Σ αᵢ (c + γ vᵢ·x)^(degree - 1) vᵢ; its factors in front change no direction.
    slopes = (config.coef0 + config.gamma * (asked @ basis.T) @ machines.support.T) ** (config.degree - 1)
    moment = np.zeros((len(basis), len(basis)))
    for dual in machines.dual:
        gradients = (slopes * dual) @ machines.support
        moment += gradients.T @ gradients
    _, vectors = np.linalg.eigh(moment)
    return np.ascontiguousarray(vectors[:, ::-1].T @ basis, dtype=np.float32)


def fit_temperature(svm: QuadraticSvm, scores: F32, classes: NDArray[np.intp]) -> QuadraticSvm:
    """The temperature that makes out-of-fold scores (n, n_classes) most likely (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        z = scores / np.exp(log_temperature)
        z = z - z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), classes]))

    best = minimize_scalar(loss, bounds=(np.log(0.01), np.log(10.0)), method="bounded")
    return replace(svm, temperature=round(float(np.exp(best.x)), 6))
