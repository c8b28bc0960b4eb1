"""The small CNN over images of sound, its training loop, and its form for the device.

The stand-in of the attacks and the networks of the comparison are this one. TensorFlow is imported inside the
functions: a process that only reads results never pays for it.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from edge.types import F32

__all__ = ["build_network", "to_tflite", "train_network"]

log = logging.getLogger(__name__)

WIDTHS = (24, 48, 96, 96)
"""Filters of each convolution"""

Epoch = Callable[[], Iterable[tuple[F32, F32]]]
"""One epoch's batches: inputs (n, …), targets (n, n_classes)"""


def build_network(n_bands: int, n_classes: int, *, n_frames: int | None = None, batch: int | None = None) -> Any:
    """Four convolutions, pooled over time and bands: the usual small baseline, nothing in its defence.

    Keras, (n, n_frames, n_bands) to logits (n, n_classes); without `n_frames` of any length.
    """
    import keras

    inputs = keras.Input((n_frames, n_bands), batch_size=batch)
    x = keras.layers.Reshape((-1 if n_frames is None else n_frames, n_bands, 1))(inputs)
    for n_filters in WIDTHS:
        x = keras.layers.Conv2D(n_filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPooling2D(2, padding="same")(x)
    x = keras.layers.Concatenate()([keras.layers.GlobalAveragePooling2D()(x), keras.layers.GlobalMaxPooling2D()(x)])
    x = keras.layers.Dropout(0.3)(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


def train_network(
    model: Any,
    epoch: Epoch,
    *,
    features: Callable[[Any], Any],
    n_epochs: int,
    n_steps: int,
    learning_rate: float,
    name: str,
) -> None:
    """AdamW with a cosine decay over `n_epochs` of `n_steps` batches each, `features` between batch and model."""
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(learning_rate, n_epochs * n_steps), weight_decay=1e-3
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05)

    @tf.function  # type: ignore[untyped-decorator]
    def step(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(targets, model(features(inputs), training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    with tqdm(range(n_epochs), desc=name, unit="epoch", disable=None) as progress:
        for i in progress:
            values = [float(step(x, y)) for x, y in epoch()]
            progress.set_postfix(loss=f"{np.mean(values):.3f}")
            log.debug("%s epoch %d loss %.4f", name, i + 1, np.mean(values))


def to_tflite(model: Any, n_frames: int, n_bands: int, n_classes: int) -> bytes:
    """The same network in float32 for one image (1, n_frames, n_bands) at a time."""
    import tensorflow as tf

    fixed = build_network(n_bands, n_classes, n_frames=n_frames, batch=1)
    fixed.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    with contextlib.redirect_stdout(io.StringIO()):
        # The converter prints the signature of every graph.
        return bytes(converter.convert())
