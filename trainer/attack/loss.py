"""What a white-box attack climbs, each a function of the model's signs (n, …), the truths (n,) and the calm score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.attack.twin import Signs

__all__ = ["ADAPTIVE_ENOUGH", "LOSSES"]

FAR = -1e9
ADAPTIVE_ENOUGH = 0.5
"""Log odds of a wrong label with which a jointly adaptive attacker is content: more only raises suspicion"""
ADAPTIVE_WEIGHT = 20.0
"""Log odds that a suspicion of 1 too much is worth"""


def odds(signs: Signs, truth: Any, calm: float) -> Any:
    """Log odds of all wrong labels: cross-entropy without its vanishing slope where the model is sure."""
    import tensorflow as tf

    del calm
    logits = signs.log_probabilities
    right = tf.one_hot(truth, int(logits.shape[1]))
    others = tf.reduce_logsumexp(logits + FAR * right, axis=1)
    return others - tf.reduce_sum(logits * right, axis=1)


def margin(signs: Signs, truth: Any, calm: float) -> Any:
    """Log odds of the best wrong label: > 0 is another label (Carlini and Wagner 2017, their f6)."""
    import tensorflow as tf

    del calm
    logits = signs.log_probabilities
    right = tf.one_hot(truth, int(logits.shape[1]))
    return tf.reduce_max(logits + FAR * right, axis=1) - tf.reduce_sum(logits * right, axis=1)


def adaptive(signs: Signs, truth: Any, calm: float) -> Any:
    """The label first, then quiet: log odds as far as they are needed, minus what is suspicious beyond calm."""
    import tensorflow as tf

    needed = tf.minimum(margin(signs, truth, calm), ADAPTIVE_ENOUGH)
    return needed - ADAPTIVE_WEIGHT * tf.nn.relu(signs.suspicion - calm)


LOSSES: dict[str, Callable[..., Any]] = {"odds": odds, "margin": margin, "adaptive": adaptive}
