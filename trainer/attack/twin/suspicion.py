"""Indicators and conformal suspicion of `edge.stages.suspicion`, for a batch, with a slope everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from edge.stages.suspicion import ConformalSuspicion
from trainer.attack.twin.soft import straight_through

__all__ = ["indicators", "quietest", "root_mean_square", "suspicion"]

TINY = 1e-12
QUARTILES_OF_LOGISTIC = 2.0 * np.log(3.0)
"""Between the quartiles of the standard logistic distribution"""


def root_mean_square(difference: Any) -> Any:
    """(n, n_bands, n_frames) to (n,)."""
    return tf.sqrt(tf.maximum(tf.reduce_mean(difference * difference, axis=(1, 2)), TINY))


def indicators(denoise_residual: Any, lowrank_residual: Any, distance: Any, scores: Any, raw: Any) -> Any:
    """(n, 5), in the order of `edge.stages.suspicion.INDICATORS`."""
    two = tf.math.top_k(scores, 2).values
    change = tf.reduce_max(tf.abs(scores - raw), axis=1)
    return tf.stack([change, denoise_residual, lowrank_residual, distance, two[:, 1] - two[:, 0]], axis=1)


def suspicion(stage: ConformalSuspicion, values: Any) -> Any:
    """Indicators (n, 5) to scores (n,), in [0, 1].

    The tail probabilities are steps and straight pieces, flat beyond the reference. Backward each is the tail of
    the logistic distribution with the reference's quartiles: it has a slope wherever the indicator stands.
    """
    logs = [tail_log(row, values[:, i]) for i, row in enumerate(stage.quantiles)]
    return 1.0 - tf.exp(tf.reduce_mean(tf.stack(logs, axis=1), axis=1))


def tail_log(quantiles: Any, value: Any) -> Any:
    """Logarithm of the tail probability of an indicator (n,) under equally spaced quantiles (n_quantiles,)."""
    n = len(quantiles)
    knots = tf.constant(quantiles)
    right = tf.clip_by_value(tf.searchsorted(knots, value, side="right"), 1, n - 1)
    low, high = tf.gather(knots, right - 1), tf.gather(knots, right)
    share = tf.clip_by_value((value - low) / tf.maximum(high - low, TINY), 0.0, 1.0)
    place = (tf.cast(right, tf.float32) - 1.0 + share) / (n - 1)
    exact = tf.math.log(tf.maximum(1.0 - place, 0.5 / n))
    lower, middle, upper = np.interp([0.25, 0.5, 0.75], np.linspace(0.0, 1.0, n), quantiles)
    width = max(float(upper - lower) / QUARTILES_OF_LOGISTIC, 1e-6)
    smooth = -tf.nn.softplus((value - float(middle)) / width)
    return straight_through(exact, smooth)


def quietest(stage: ConformalSuspicion, p_value: float) -> float:
    """The largest score whose conformal p-value is still above `p_value`; below 0 if there is none."""
    ordered = np.sort(stage.calibration)[::-1]
    # p = (1 + #{calibration >= score}) / (n + 1) > p_value needs so many calibration scores at or above.
    needed = int(np.floor(p_value * (len(ordered) + 1)))
    if needed == 0:
        return 1.0
    return float(ordered[needed - 1]) if needed <= len(ordered) else -1.0
