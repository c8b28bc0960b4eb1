"""One source of random numbers a step, so that no step depends on how many the step before it drew."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.random import Generator

__all__ = ["rng_of"]


def rng_of(seed: int, *names: str) -> Generator:
    """The random numbers of one step under a seed >= 0: `names` say which, for instance a clip by its SHA-256."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])
