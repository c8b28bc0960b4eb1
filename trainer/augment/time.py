"""The same sound at another time of the window."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from edge.types import F32

__all__ = ["shift_time"]


def shift_time(samples: F32, rng: Generator) -> F32:
    """Turn the samples (n_samples,) around by a tenth to nine tenths of their length; the end comes in at the start."""
    share = float(rng.uniform(0.1, 0.9))
    return np.roll(samples, round(share * len(samples)))
