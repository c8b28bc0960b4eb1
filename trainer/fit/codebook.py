"""Principal axes and K-means++ words of descriptors of purified images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from sklearn.cluster import KMeans

from edge.stages.codebook import Codebook
from edge.types import F32
from trainer.config import CodebookConfig
from trainer.errors import TrainerError

__all__ = ["fit_codebook"]

ENERGY_MIN = 1e-6
"""Axes with less variance than this share of the strongest one's are rounding, and left out"""


def fit_codebook(descriptors: Sequence[F32], config: CodebookConfig, rng: Generator) -> Codebook:
    """K-means++ (Arthur, Vassilvitskii 2007) on a sample of each window's descriptors (n_points, n_descriptor).

    The descriptors have passed the quantised autoencoder: the words are those of the device.
    """
    sample = np.concatenate(
        [each[rng.choice(len(each), min(config.points_per_window, len(each)), replace=False)] for each in descriptors]
    ).astype(np.float32)
    if len(sample) < config.n_words:
        raise TrainerError(f"codebook: at least {config.n_words} descriptors wanted. Got {len(sample)} instead.")
    axes = principal_axes(sample, config.n_axes, config.whitening)
    means = KMeans(config.n_words, init="k-means++", n_init=1, max_iter=100, random_state=int(rng.integers(2**31)))
    means.fit(sample @ axes)
    words = np.ascontiguousarray(means.cluster_centers_, dtype=np.float32)
    return Codebook(axes=axes, words=words, encoding=config.encoding)


def principal_axes(sample: F32, n_axes: int, whitening: float) -> F32:
    """Axes (n_descriptor, <= n_axes) of the sample (n, n_descriptor), each scaled by its variance to -`whitening`.

    0 turns the space only, 0.5 whitens it (Jégou, Chum 2012). The total variance stays the same. Words move with
    the mean, so that centring would change nothing.
    """
    variance, vectors = np.linalg.eigh(np.cov(sample.T.astype(np.float64)))
    order = np.argsort(variance)[::-1][:n_axes]
    order = order[variance[order] > ENERGY_MIN * variance.max()]
    scale = variance[order] ** -whitening
    scale *= np.sqrt(variance[order].sum() / np.sum(variance[order] * scale**2))
    return np.ascontiguousarray(vectors[:, order] * scale, dtype=np.float32)
