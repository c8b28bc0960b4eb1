"""The head of the CNN baselines: trained from scratch on images (n_frames, n_bands), run as a float32 TFLite model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from edge.stages.denoise import load_interpreter
from edge.types import F32
from trainer.baselines.sounds import Learnt
from trainer.fit.seeds import rng_of
from trainer.network import build_network, to_tflite, train_network

__all__ = ["NetworkConfig", "NetworkHead", "batches", "fit_network", "masked"]

FILE = "model.tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Training of the network; chosen on folds 1 to 3: two learnt, the third watched, in rotation."""

    n_epochs: int = 130
    batch: int = 16
    learning_rate: float = 2e-3
    mixup: float = 0.4
    """Parameter of the Beta distribution of mixed pairs"""
    crop: float = 0.8
    """Length of a training crop, of the window's"""
    clean: float = 0.4
    """Share of windows that are taken as they are; of the others every copy equally often"""
    shift: tuple[float, float] = (-0.3, 0.15)
    """Added to a whole image, in its own unit: another gain"""
    mask: float = 0.18
    """Longest stretch of frames, and of bands, that is blanked, of all (SpecAugment, Park et al. 2019)"""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkHead:
    """The network through the TFLite runtime, one thread."""

    model: bytes
    """(1, n_frames, n_bands) to logits (1, n_classes), float32"""
    _interpreter: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_interpreter", load_interpreter(self.model))

    @classmethod
    def read(cls, folder: Path) -> NetworkHead:
        """From `folder`."""
        return cls(model=(folder / FILE).read_bytes())

    def __call__(self, image: F32, /) -> F32:
        """Probabilities (n_classes,) of an image (n_frames, n_bands)."""
        interpreter = self._interpreter
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        logits = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        shifted = np.exp(logits - logits.max())
        probabilities: F32 = shifted / shifted.sum()
        return probabilities


def fit_network(learnt: Learnt, n_classes: int, config: NetworkConfig, seed: int, folder: Path) -> int:
    """Train, write the model into `folder`, give its number of parameters; deterministic from `seed` on one machine."""
    import keras
    import tensorflow as tf

    rng = rng_of(seed, "network")
    keras.backend.clear_session()
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    tf.config.experimental.enable_op_determinism()
    _, n_windows, n_frames, n_bands = learnt.values.shape
    truth = np.eye(n_classes, dtype=np.float32)[learnt.classes]
    model = build_network(n_bands, n_classes)
    train_network(
        model,
        lambda: batches(learnt, truth, config, rng),
        features=lambda images: images,
        n_epochs=config.n_epochs,
        n_steps=-(-n_windows // config.batch),
        learning_rate=config.learning_rate,
        name="network",
    )
    (folder / FILE).write_bytes(to_tflite(model, n_frames, n_bands, n_classes))
    return int(model.count_params())


def batches(learnt: Learnt, truth: F32, config: NetworkConfig, rng: Generator) -> Iterator[tuple[F32, F32]]:
    """One epoch: of every window one copy, of it a random stretch, masked, mixed in pairs."""
    n_copies, n_windows, n_frames, _ = learnt.values.shape
    n_crop = max(1, round(config.crop * n_frames))
    order = rng.permutation(n_windows)
    for first in range(0, n_windows, config.batch):
        chosen = order[first : first + config.batch]
        copies = np.where(rng.random(len(chosen)) < config.clean, 0, rng.integers(n_copies, size=len(chosen)))
        starts = rng.integers(n_frames - n_crop + 1, size=len(chosen))
        picked = (learnt.values[c, i, s : s + n_crop] for c, i, s in zip(copies, chosen, starts, strict=True))
        x = np.stack([masked(image.astype(np.float32), config, rng) for image in picked])
        y = truth[chosen]
        share = rng.beta(config.mixup, config.mixup, (len(chosen), 1)).astype(np.float32)
        partner = rng.permutation(len(chosen))
        yield share[:, :, None] * x + (1 - share[:, :, None]) * x[partner], share * y + (1 - share) * y[partner]


def masked(image: F32, config: NetworkConfig, rng: Generator) -> F32:
    """The image (n_frames, n_bands) at another level, a stretch of frames and one of bands at its mean."""
    found = image + np.float32(rng.uniform(*config.shift))
    mean = found.mean()
    for axis, size in enumerate(found.shape):
        width = int(rng.integers(round(config.mask * size) + 1))
        start = int(rng.integers(size - width + 1))
        np.moveaxis(found, axis, 0)[start : start + width] = mean
    return found
