"""Enhancement and SVD of `edge.stages`, for a batch of images (n, n_bands, n_frames)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from edge.stages.enhance import Enhance
from edge.stages.lowrank import LowRank
from edge.types import F32
from trainer.attack.twin.soft import soft_clip, straight_through

__all__ = ["enhance", "lowrank"]

HIGHBOOST_SIDE = 5


def enhance(stage: Enhance, level: Any, soft_db: float) -> Any:
    """Levels in dB to dB above the floor; the floor follows the loudest cell, and so does its gradient."""
    floor = tf.reduce_max(level, axis=(1, 2), keepdims=True) - stage.floor_db
    image = soft_clip(level - floor, 0.0, math.inf, soft_db)
    if stage.background > 0:
        ordered = tf.sort(image, axis=2)
        n = int(image.shape[2])
        median = (ordered[:, :, (n - 1) // 2] + ordered[:, :, n // 2]) / 2.0
        image = image - stage.background * median[:, :, None]
    if stage.highboost > 0:
        image = image + stage.highboost * (image - mean_filtered(image, HIGHBOOST_SIDE))
    if stage.blur > 1:
        image = mean_filtered(image, stage.blur)
    return soft_clip(image, 0.0, stage.floor_db, soft_db)


def mean_filtered(image: Any, side: int) -> Any:
    """Box mean over `side` x `side` cells, edges repeated: one matrix an axis."""
    rows, columns = (tf.constant(mean_matrix(int(n), side)) for n in image.shape[1:])
    return tf.linalg.matmul(tf.linalg.matmul(rows, image), columns, transpose_b=True)


def mean_matrix(n: int, side: int) -> F32:
    """(n, n): row i averages the `side` cells about i; those beyond an end are the end's."""
    matrix = np.zeros((n, n), dtype=np.float32)
    for offset in range(-(side // 2), side // 2 + 1):
        matrix[np.arange(n), np.clip(np.arange(n) + offset, 0, n - 1)] += 1.0 / side
    return matrix


def lowrank(stage: LowRank, level: Any, soft_db: float) -> Any:
    """The rank-k part, clipped at 0: the stage's own algorithm finds the subspace.

    Backward the rows' and columns' spaces, P and Q, are those of the forward pass, and the slope is the projection
    onto the tangent of the rank-k images there, PX + XQ - PXQ: that of the truncated SVD, up to what it cuts off.
    """
    still = tf.stop_gradient(level)
    basis, _ = tf.linalg.qr(tf.linalg.matmul(still, tf.constant(stage.test_matrix)))
    basis, _ = tf.linalg.qr(tf.linalg.matmul(still, tf.linalg.matmul(still, basis, transpose_a=True)))
    small = tf.linalg.matmul(basis, still, transpose_a=True)
    _, vectors = tf.linalg.eigh(tf.linalg.matmul(small, small, transpose_b=True))
    leading = tf.stop_gradient(tf.linalg.matmul(basis, vectors[:, :, -stage.rank :]))
    across, _ = tf.linalg.qr(tf.linalg.matmul(still, leading, transpose_a=True))
    across = tf.stop_gradient(across)

    def rows_kept(image: Any) -> Any:
        return tf.linalg.matmul(leading, tf.linalg.matmul(leading, image, transpose_a=True))

    exact = rows_kept(level)
    columns_kept = tf.linalg.matmul(tf.linalg.matmul(level, across), across, transpose_b=True)
    return soft_clip(straight_through(exact, exact + columns_kept - rows_kept(columns_kept)), 0.0, math.inf, soft_db)
