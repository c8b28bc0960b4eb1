"""The denoising autoencoder: trained on noisy → clean images, then quantised to int8.

Depthwise-separable, nearest upsampling and a pixel-shuffle head: transposed convolutions cost twice
as much in int8. The network estimates what noise added and takes it off the image; without that path
around it, its own blur cost more on clean sound than it saved on noisy sound. The inner kernels are
wide in time, because noise shows itself by lasting. Activations end at 6: eight bits cannot hold outliers.
"""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from numpy.random import Generator
from numpy.typing import NDArray
from tensorflow import keras
from tqdm.auto import tqdm

from edge.stages.denoise import Denoise
from edge.types import F32
from trainer.config import DenoiseConfig

__all__ = ["TrainedDenoiser", "fit_denoiser", "quantise"]

N_REPRESENTATIVE = 100
"""Images that set the ranges of the quantisation"""
SHUFFLE = 4
"""Side of the patch that one cell of the inner grid stands for"""
SIDE_UNIT = 2 * SHUFFLE
"""Side of the patch of a cell of the coarsest grid"""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedDenoiser:
    """A float autoencoder with the story of its training."""

    model: Any
    """keras.Model (n, n_bands, n_frames, 1) to the same, levels / scale_db"""
    losses: tuple[float, ...]
    """Mean squared error of each epoch, in units of scale_db²"""
    errors: tuple[float, ...]
    """The same on the windows that are watched; the smallest one's weights were kept"""


def build(n_bands: int, n_frames: int, config: DenoiseConfig, *, batch: int | None = None) -> Any:
    """The untrained network for images (n_bands, n_frames)."""
    layers = keras.layers
    width = config.width

    # Every layer is named: Keras counts unnamed ones over the process, and names end up in the model's bytes.
    def separable(x: Any, name: str, filters: int, stride: int = 1, kernel: tuple[int, int] = (3, 3)) -> Any:
        x = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", name=f"{name}_depth")(x)
        return layers.Conv2D(filters, 1, activation="relu6", name=f"{name}_point")(x)

    image = keras.Input(batch_shape=(batch, n_bands, n_frames, 1), name="image")
    # Silence behind the ends, up to whole cells of the coarsest grid; what comes out for it is cut off again.
    ends = ((0, -n_bands % SIDE_UNIT), (0, -n_frames % SIDE_UNIT))
    whole = layers.ZeroPadding2D(ends, name="pad")(image) if np.any(ends) else image
    fine = layers.Conv2D(width, SHUFFLE, strides=SHUFFLE, activation="relu6", name="fold")(whole)
    fine = separable(fine, "fine", width)
    coarse = separable(fine, "down", 2 * width, stride=2)
    for i in range(config.depth):
        coarse = separable(coarse, f"coarse{i}", 2 * width, kernel=(3, config.reach_frames))
    coarse = layers.Conv2D(width, 1, activation="relu6", name="narrow")(coarse)
    up = layers.UpSampling2D(2, interpolation="nearest", name="up")(coarse)
    x = layers.ReLU(6.0, name="join_relu")(layers.Add(name="join")([up, fine]))
    x = separable(x, "last", 2 * width)
    x = layers.Conv2D(SHUFFLE * SHUFFLE, 1, name="noise")(x)
    noise = _PixelShuffle(name="shuffle")(x)
    if np.any(ends):
        noise = layers.Cropping2D(ends, name="cut")(noise)
    clean = layers.Add(name="take_off")([image, noise])
    return keras.Model(image, layers.ReLU(name="clean")(clean), name="denoiser")


@keras.utils.register_keras_serializable(package="tympan")
class _PixelShuffle(keras.layers.Layer):  # type: ignore[misc]
    """Channels to space: (n, h, w, 16) to (n, 4h, 4w, 1)."""

    def call(self, x: Any) -> Any:
        return tf.nn.depth_to_space(x, SHUFFLE)


def fit_denoiser(
    inputs: F32, clean: F32, folds: NDArray[np.intp], config: DenoiseConfig, rng: Generator
) -> TrainedDenoiser:
    """Train to give `clean` (n_windows, n_bands, n_frames) for `inputs` (n_copies, n_windows, …), dB above the floor.

    Adam with a cosine decay; deterministic from `rng` on one machine. Random stretches of
    `config.crop_frames` frames are used: the network is convolutional, and short stretches train faster.
    One fold of `folds` (n_windows,) is not learnt but watched: the weights of its best epoch are kept, and
    training ends early when it has not become better for `config.patience` epochs.
    """
    # Keras numbers its layers a process long, and the numbers end up in the flatbuffer, hence in the bundle's id.
    keras.backend.clear_session()
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    tf.config.experimental.enable_op_determinism()
    n_copies, _, n_bands, n_frames = inputs.shape
    watched = watched_windows(folds, rng)
    crop = min(config.crop_frames, n_frames)
    model = build(n_bands, crop, config)
    steps = -(-n_copies * np.count_nonzero(~watched) // config.batch) * config.epochs
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps, alpha=0.02)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse")
    watch = stretches(inputs, clean, np.flatnonzero(watched), crop, config.scale_db, rng)
    losses, errors = [], []
    best = model.get_weights()
    for _ in tqdm(range(config.epochs), desc="autoencoder", unit="epoch", disable=None):
        x, y = stretches(inputs, clean, np.flatnonzero(~watched), crop, config.scale_db, rng)
        story = model.fit(x, y, batch_size=config.batch, epochs=1, shuffle=False, verbose=0)
        losses.append(float(story.history["loss"][0]))
        errors.append(float(model.evaluate(*watch, batch_size=config.batch, verbose=0)))
        if errors[-1] == min(errors):
            best = model.get_weights()
        elif len(errors) - np.argmin(errors) > config.patience:
            break
    whole = build(n_bands, n_frames, config)
    whole.set_weights(best)
    return TrainedDenoiser(model=whole, losses=tuple(losses), errors=tuple(errors))


def watched_windows(folds: NDArray[np.intp], rng: Generator) -> NDArray[np.bool_]:
    """Which windows (n_windows,) are watched instead of learnt: the last fold, or a fifth where there is but one."""
    watched: NDArray[np.bool_] = folds == folds.max()
    if watched.all():
        watched = np.zeros(len(folds), dtype=bool)
        watched[rng.permutation(len(folds))[: max(1, len(folds) // 5)]] = True
    return watched


def stretches(
    inputs: F32, clean: F32, windows: NDArray[np.intp], crop: int, scale_db: float, rng: Generator
) -> tuple[F32, F32]:
    """A random stretch of every copy of these windows and of its clean image, (n, n_bands, crop, 1), / scale_db."""
    n_copies, _, n_bands, n_frames = inputs.shape
    order = rng.permutation(n_copies * len(windows))
    starts = rng.integers(0, n_frames - crop + 1, size=len(order))
    x = np.empty((len(order), n_bands, crop, 1), dtype=np.float32)
    y = np.empty_like(x)
    for row, (i, start) in enumerate(zip(order, starts, strict=True)):
        copy, window = i // len(windows), windows[i % len(windows)]
        x[row, :, :, 0] = inputs[copy, window, :, start : start + crop]
        y[row, :, :, 0] = clean[window, :, start : start + crop]
    return x / np.float32(scale_db), y / np.float32(scale_db)


def quantise(trained: TrainedDenoiser, inputs: F32, config: DenoiseConfig) -> Denoise:
    """Full-int8 TFLite, batch 1, int8 in and out, as a finished stage; ranges from some of `inputs` (see above)."""
    _, n_windows, n_bands, n_frames = inputs.shape
    fixed = build(n_bands, n_frames, config, batch=1)
    fixed.set_weights(trained.model.get_weights())
    chosen = np.linspace(0, inputs.shape[0] * n_windows - 1, N_REPRESENTATIVE).astype(int)
    images = [inputs[i // n_windows, i % n_windows][None, :, :, None] / np.float32(config.scale_db) for i in chosen]
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([image] for image in images)
    with contextlib.redirect_stdout(io.StringIO()):
        # The converter prints the signature of every graph.
        content = converter.convert()
    return Denoise(model=bytes(content), scale_db=config.scale_db, dead_db=config.dead_db)
