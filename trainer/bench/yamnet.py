"""YAMNet's architecture from its published layer table, with random weights: cost does not depend on them.

The table is that of `tensorflow/models`, research/audioset/yamnet (Plakal and Ellis 2019): MobileNet v1 (Howard et al.,
arXiv 1704.04861) on patches of 96 frames by 64 mel bands, 521 sigmoid outputs. TensorFlow is imported inside the
functions: who only knows the table does not pay for it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["LAYERS", "N_BANDS", "N_CLASSES", "N_FRAMES", "build_yamnet", "multiplies"]

N_FRAMES = 96
N_BANDS = 64
N_CLASSES = 521

LAYERS = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
)
"""Stride and filters of each separable convolution, 3 × 3; before them stands a full one"""
FIRST = (2, 32)
"""Stride and filters of the full convolution, 3 × 3"""
EPSILON = 1e-4
"""Of every batch normalisation"""


def build_yamnet() -> Any:
    """Keras, (1, 96, 64, 1) to (1, 521)."""
    import keras

    layers = keras.layers

    def normalised(x: Any) -> Any:
        return layers.ReLU()(layers.BatchNormalization(scale=False, epsilon=EPSILON)(x))

    def convolved(x: Any, stride: int, n_filters: int, kernel: int) -> Any:
        return normalised(layers.Conv2D(n_filters, kernel, strides=stride, padding="same", use_bias=False)(x))

    inputs = keras.Input((N_FRAMES, N_BANDS, 1), batch_size=1)
    x = convolved(inputs, *FIRST, kernel=3)
    for stride, n_filters in LAYERS:
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = convolved(normalised(x), 1, n_filters, kernel=1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(N_CLASSES, activation="sigmoid")(x))


def multiplies() -> int:
    """Multiplications of one patch, from the table: 69.2 million as published."""
    stride, n_before = FIRST
    n_cells = (N_FRAMES // stride) * (N_BANDS // stride)
    total = 9 * n_cells * n_before
    for stride, n_filters in LAYERS:
        n_cells //= stride * stride
        total += n_cells * n_before * (9 + n_filters)
        n_before = n_filters
    return total + n_before * N_CLASSES
