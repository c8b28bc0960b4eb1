"""K-means++ on descriptors of purified images."""

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


def fit_codebook(descriptors: Sequence[F32], config: CodebookConfig, rng: Generator) -> Codebook:
    """K-means++ (Arthur, Vassilvitskii 2007) on a sample of each window's descriptors (n_points, n_dims).

    The descriptors have passed the quantised autoencoder: the words are those of the device.
    """
    sample = np.concatenate(
        [each[rng.choice(len(each), min(config.points_per_window, len(each)), replace=False)] for each in descriptors]
    )
    if len(sample) < config.n_words:
        raise TrainerError(f"codebook: at least {config.n_words} descriptors wanted. Got {len(sample)} instead.")
    means = KMeans(config.n_words, init="k-means++", n_init=1, max_iter=100, random_state=int(rng.integers(2**31)))
    means.fit(sample.astype(np.float32))
    return Codebook(words=np.ascontiguousarray(means.cluster_centers_, dtype=np.float32), encoding=config.encoding)
