"""What the tests of the mirrors share: an image to look at, and a slope to believe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edge.types import F32

__all__ = ["check_slope", "image"]


def image(seed: int = 0, shape: tuple[int, int] = (64, 80)) -> F32:
    """Levels in [-80, 0] dB, smooth enough to have a low rank."""
    rng = np.random.default_rng(seed)
    rough = rng.standard_normal((shape[0], 6)) @ rng.standard_normal((6, shape[1]))
    return (12 * rough - 45 + rng.standard_normal(shape)).astype(np.float32)


def check_slope(function: Callable[[Any], Any], x: F32, *, step: float, tolerance: float = 0.02, seed: int = 0) -> None:
    """The directional derivative of a random combination of outputs, by central differences."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(x.shape).astype(np.float32)
    weights = rng.standard_normal(np.shape(function(tf.constant(x)))).astype(np.float32)

    def value(at: Any) -> Any:
        return tf.reduce_sum(tf.cast(function(at), tf.float64) * weights)

    at = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(at)
        height = value(at)
    slope = float(np.sum(tape.gradient(height, at).numpy().astype(np.float64) * direction))
    there, back = (float(value(tf.constant(x + sign * np.float32(step) * direction))) for sign in (1, -1))
    assert slope == pytest.approx((there - back) / (2 * step), rel=tolerance)
    assert abs(slope) > 0
