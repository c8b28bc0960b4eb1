"""A small undefended log-mel CNN: what an attacker without our bundle would train, and attack first.

Waveform to logits in one differentiable TensorFlow graph, so that a gradient reaches the samples.
TensorFlow is imported inside the functions: a process that only reads bundles never pays for it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.types import F32
from trainer.data import Dataset, check_trainable, read_clip
from trainer.mel import LOG_OFFSET, MelConfig, mel_matrix
from trainer.network import build_network, train_network

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Surrogate", "SurrogateConfig", "fit_surrogate", "fit_surrogate_cached"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SurrogateConfig(MelConfig):
    """Everything that decides the surrogate's weights, besides the data."""

    crop_s: float = 4.0
    """Length of a training crop, seconds; shorter clips are padded with zeros"""
    n_epochs: int = 60
    batch: int = 16
    learning_rate: float = 2e-3
    mixup: float = 0.2
    """Parameter of the Beta distribution of mixed pairs; 0 = off"""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted CNN over waveforms of any length."""

    config: SurrogateConfig
    labels: tuple[str, ...]
    model: Any
    """Keras, log-mel (n, n_frames, n_mels) to logits (n, n_classes)"""

    def logits(self, waveforms: Any, /) -> Any:
        """TensorFlow float32 (n, n_samples), full scale = ±1, to logits (n, n_classes)."""
        return self.model(log_mel(waveforms, self.config), training=False)

    def predict(self, samples: F32, /) -> int:
        """Class of one recording (n_samples,)."""
        import tensorflow as tf

        return int(np.argmax(self.logits(tf.constant(samples[None]))[0]))

    def save(self, folder: Path) -> None:
        """Write weights, and what they depend on."""
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save_weights(folder / "surrogate.weights.h5")


def fit_surrogate_cached(dataset: Dataset, config: SurrogateConfig, folder: Path) -> Surrogate:
    """The surrogate in `folder` when it was fitted on the same clips with the same configuration, else a new one."""
    card = folder / "surrogate.json"
    wanted = {
        "data_sha256": dataset.sha256,
        "folds": list(dataset.folds),
        "labels": list(dataset.labels),
        **asdict(config),
    }
    if card.is_file() and json.loads(card.read_text(encoding="utf-8")) == wanted:
        log.info("using the surrogate in %s", folder)
        model = build_network(config.n_mels, len(dataset.labels))
        model.load_weights(folder / "surrogate.weights.h5")
        return Surrogate(config=config, labels=dataset.labels, model=model)
    card.unlink(missing_ok=True)
    surrogate = fit_surrogate(dataset, config)
    surrogate.save(folder)
    # The card comes last: weights without it count as none.
    card.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    return surrogate


def fit_surrogate(dataset: Dataset, config: SurrogateConfig) -> Surrogate:
    """Train on every clip of `dataset`; deterministic from the seed on one machine."""
    import keras

    check_trainable(dataset)
    keras.utils.set_random_seed(config.seed)
    clips = [read_clip(clip, rate_hz=config.rate_hz) for clip in dataset.clips]
    truth = np.eye(len(dataset.labels), dtype=np.float32)[[dataset.labels.index(clip.label) for clip in dataset.clips]]
    model = build_network(config.n_mels, len(dataset.labels))
    rng = np.random.default_rng(config.seed)
    train_network(
        model,
        lambda: batches(clips, truth, config, rng),
        features=lambda waveforms: log_mel(waveforms, config),
        n_epochs=config.n_epochs,
        n_steps=-(-len(clips) // config.batch),
        learning_rate=config.learning_rate,
        name="surrogate",
    )
    return Surrogate(config=config, labels=dataset.labels, model=model)


def batches(
    clips: list[F32], truth: F32, config: SurrogateConfig, rng: np.random.Generator
) -> Iterator[tuple[F32, F32]]:
    """One epoch: random crops with random gain, mixed in pairs; the last, smaller batch is kept."""
    n_crop = round(config.crop_s * config.rate_hz)
    order = rng.permutation(len(clips))
    for start in range(0, len(order), config.batch):
        chosen = order[start : start + config.batch]
        gains = 10 ** rng.uniform(-0.5, 0.2, len(chosen))
        x = np.stack([crop(clips[i], n_crop, rng) * gain for i, gain in zip(chosen, gains, strict=True)])
        y = truth[chosen]
        if config.mixup > 0:
            share = rng.beta(config.mixup, config.mixup, (len(chosen), 1)).astype(np.float32)
            partner = rng.permutation(len(chosen))
            x, y = share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]
        yield x.astype(np.float32), y.astype(np.float32)


def crop(samples: F32, n_crop: int, rng: np.random.Generator) -> F32:
    """A random stretch (n_crop,) of a recording, or all of it at a random place between zeros."""
    spare = len(samples) - n_crop
    if spare >= 0:
        start = int(rng.integers(spare + 1))
        return samples[start : start + n_crop]
    before = int(rng.integers(-spare + 1))
    return np.pad(samples, (before, -spare - before))


def log_mel(waveforms: Any, config: SurrogateConfig) -> Any:
    """TensorFlow (n, n_samples) to log-mel (n, n_frames, n_mels), natural log, about unit scale; differentiable."""
    import tensorflow as tf

    spectrum = tf.signal.stft(waveforms, config.frame, config.hop, pad_end=True)
    power = tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2
    mel = tf.matmul(power, tf.constant(mel_matrix(config)))
    return (tf.math.log(mel + LOG_OFFSET) + 2.0) / 4.0
