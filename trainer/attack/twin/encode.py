"""Dense SURF, codebook and quadratic form of `edge.stages`, for a batch of images."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from edge.stages import surf as deployed
from edge.stages.codebook import Codebook
from edge.stages.surf import DenseSurf
from edge.stages.svm import QuadraticSvm
from edge.types import F32
from trainer.attack.twin.soft import with_slope

__all__ = ["encode", "score", "surf"]

TINY = 1e-12
"""Squares below it count as this much: the slope of a square root ends somewhere"""


def surf(stage: DenseSurf, level: Any) -> Any:
    """Images (n, n_bands, n_frames) to descriptors (n, n_points, 66)."""
    maps = haar_maps(level / stage.unit_db)
    return tf.concat([one_scale(stage, maps, *weights) for weights in stage._weights], axis=1)


def haar_maps(image: Any) -> Any:
    """(n, 4, n_bands, n_frames): dx, dy, |dx|, |dy|; 0 on the first row and column."""
    columns = image[:, :-1] + image[:, 1:]
    rows = image[:, :, :-1] + image[:, :, 1:]
    signed = tf.stack([columns[:, :, :-1] - columns[:, :, 1:], rows[:, :-1] - rows[:, 1:]], axis=1)
    return tf.pad(tf.concat([signed, tf.abs(signed)], axis=1), [[0, 0], [0, 0], [1, 0], [1, 0]])


def one_scale(stage: DenseSurf, maps: Any, rows: Any, columns: Any, place: Any) -> Any:
    """All descriptors of one scale, (n, n_y · n_x, 66)."""
    tall = tf.linalg.matmul(tf.constant(dense(rows, stage.n_bands)), maps)
    sums = tf.linalg.matmul(tall, tf.constant(dense(columns, stage.n_frames)), transpose_b=True)
    n_y, n_x = len(rows.centres), len(columns.centres)
    zones = tf.transpose(tf.reshape(sums, (-1, 4, n_y, deployed.N_ZONES, n_x, deployed.N_ZONES)), (0, 2, 4, 3, 5, 1))
    raw = tf.reshape(zones, (-1, n_y * n_x, deployed.N_ZONES * deployed.N_ZONES * 4))
    norm = tf.sqrt(tf.maximum(tf.reduce_sum(raw * raw, axis=2, keepdims=True), TINY))
    where = tf.constant(np.repeat(place, n_x)[None, :, None])
    return tf.concat(
        [
            raw / (norm + stage.norm_offset),
            tf.broadcast_to(where, tf.shape(norm)),
            stage.level_weight * tf.math.log(norm + stage.level_offset),
        ],
        axis=2,
    )


def dense(axis: Any, n_cells: int) -> F32:
    """The zones' weights along one axis in one matrix, (n_points · 4, n_cells)."""
    matrix = np.zeros((len(axis.centres) * deployed.N_ZONES, n_cells), dtype=np.float32)
    for block in axis.blocks:
        matrix[block.zones, block.cells] = block.weights
    return matrix


def encode(stage: Codebook, descriptors: Any, beta: Any, root: float) -> tuple[Any, Any]:
    """Descriptors (n, n_points, n_descriptor) to encodings (n, n_dims) and distances (n,).

    Forward every descriptor belongs to its nearest word. Backward it belongs to word k with
    softmax(-beta·|x - w_k|²): 0 holds the memberships constant, large values are near the true, flat step.
    """
    values = tf.linalg.matmul(descriptors, tf.constant(stage.axes))
    words = tf.constant(stage.words)
    affinity = tf.linalg.matmul(values, words, transpose_b=True) - tf.constant(stage._half_squares)
    squares = tf.reduce_sum(values * values, axis=2)
    best = tf.reduce_max(affinity, axis=2)
    distance = tf.reduce_mean(tf.sqrt(tf.maximum(squares - 2.0 * best, TINY)), axis=1)
    if stage.encoding == "distance":
        distances = tf.sqrt(tf.maximum(squares[:, :, None] - 2.0 * affinity, TINY))
        away = tf.reduce_mean(distances, axis=2, keepdims=True) - distances
        raw = tf.reduce_mean(tf.nn.relu(away), axis=1)
    else:
        member = memberships(affinity, beta)
        counts = tf.reduce_sum(member, axis=1)
        if stage.encoding == "bow":
            raw = counts
        else:
            sums = tf.linalg.matmul(member, values, transpose_a=True) - counts[:, :, None] * words
            raw = tf.reshape(sums, (-1, stage.n_dims))
    rooted = signed_root(raw, root)
    length = tf.sqrt(tf.maximum(tf.reduce_sum(rooted * rooted, axis=1, keepdims=True), TINY))
    return rooted / length, distance


@tf.custom_gradient  # type: ignore[untyped-decorator]
def memberships(affinity: Any, beta: Any) -> Any:
    """One at the largest affinity (n, n_points, n_words), 0 elsewhere; backward a softmax of 2·beta·affinity."""
    hard = tf.one_hot(tf.argmax(affinity, axis=2), int(affinity.shape[2]))

    def backward(upstream: Any) -> tuple[Any, None]:
        # |x - w|² = |x|² - 2·affinity, and the softmax does not see |x|².
        soft = tf.nn.softmax(2.0 * beta * affinity, axis=2)
        mean = tf.reduce_sum(upstream * soft, axis=2, keepdims=True)
        return 2.0 * beta * soft * (upstream - mean), None

    return hard, backward


def signed_root(raw: Any, least: float) -> Any:
    """sign(x)·sqrt|x|; its slope, 0.5 / sqrt|x|, ends at that of |x| = `least`."""
    exact = tf.sign(raw) * tf.sqrt(tf.abs(raw))
    return with_slope(exact, raw, 0.5 / tf.sqrt(tf.maximum(tf.abs(raw), least)))


def score(stage: QuadraticSvm, encodings: Any) -> Any:
    """Encodings (n, n_dims) to decision values (n, n_classes)."""
    n_classes, n = stage.linear.shape
    forms = np.zeros((n_classes, n, n), dtype=np.float32)
    forms[:, *stage._upper] = stage.quad
    z = tf.linalg.matmul(encodings, tf.constant(stage.projection), transpose_b=True)
    # One product for all classes: (n, n_components) by (n_components, n_classes · n_components).
    folded = tf.constant(np.ascontiguousarray(forms.transpose(1, 0, 2)).reshape(n, n_classes * n))
    products = tf.reshape(tf.linalg.matmul(z, folded), (-1, n_classes, n))
    quadratic = tf.reduce_sum(products * z[:, None], axis=2)
    return quadratic + tf.linalg.matmul(z, tf.constant(stage.linear), transpose_b=True) + tf.constant(stage.bias)
