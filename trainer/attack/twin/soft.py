"""Exact forward, soft backward: the surrogate gradients of steps that have none (Athalye et al. 2018: BPDA)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

__all__ = ["quantised", "soft_clip", "straight_through", "with_slope"]


def straight_through(exact: Any, smooth: Any) -> Any:
    """The value of `exact` with the gradient of `smooth`."""
    return smooth + tf.stop_gradient(exact - smooth)


def with_slope(exact: Any, x: Any, slope: Any) -> Any:
    """The value of `exact`, with the derivative `slope` after x, cell by cell."""
    return straight_through(exact, x * tf.stop_gradient(slope))


def soft_clip(x: Any, low: float, high: float, width: float) -> Any:
    """Clip to [low, high]; beyond the ends the gradient fades as exp(-distance / width) instead of ending.

    A cell below the floor has no gradient, and a perturbation could never learn that it would count once it is
    raised. With a width of 0 the gradient is the exact one.
    """
    exact = tf.clip_by_value(x, low, high)
    if width == 0.0:
        return exact
    return with_slope(exact, x, tf.exp(-tf.abs(x - exact) / width))


def quantised(x: Any, scale: float, zero: int, width: float = 0.0) -> Any:
    """What int8 keeps of real values: rounded to steps of `scale`, clipped; the gradient is that of the clip."""
    kept = soft_clip(x, (-128 - zero) * scale, (127 - zero) * scale, width)
    rounded = (tf.clip_by_value(tf.round(x / scale) + zero, -128.0, 127.0) - zero) * scale
    return straight_through(rounded, kept)
