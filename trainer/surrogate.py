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
from tqdm.auto import tqdm

from edge.types import F32
from trainer.data import Dataset, check_trainable, read_clip

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Surrogate", "SurrogateConfig", "fit_surrogate", "fit_surrogate_cached"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SurrogateConfig:
    """Everything that decides the surrogate's weights, besides the data."""

    rate_hz: int = 16_000
    crop_s: float = 4.0
    """Length of a training crop, seconds; shorter clips are padded with zeros"""
    frame: int = 1024
    """STFT frame, samples"""
    hop: int = 512
    """STFT hop, samples"""
    n_mels: int = 64
    min_hz: float = 50.0
    max_hz: float = 7800.0
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
        model = build_model(config, len(dataset.labels))
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
    import tensorflow as tf

    check_trainable(dataset)
    keras.utils.set_random_seed(config.seed)
    clips = [read_clip(clip, rate_hz=config.rate_hz) for clip in dataset.clips]
    truth = np.eye(len(dataset.labels), dtype=np.float32)[[dataset.labels.index(clip.label) for clip in dataset.clips]]
    model = build_model(config, len(dataset.labels))
    n_steps = config.n_epochs * -(-len(clips) // config.batch)
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(config.learning_rate, n_steps), weight_decay=1e-3
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05)

    @tf.function  # type: ignore[untyped-decorator]
    def step(waveforms: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(targets, model(log_mel(waveforms, config), training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    rng = np.random.default_rng(config.seed)
    with tqdm(range(config.n_epochs), desc="surrogate", unit="epoch", disable=None) as progress:
        for epoch in progress:
            values = [float(step(x, y)) for x, y in batches(clips, truth, config, rng)]
            progress.set_postfix(loss=f"{np.mean(values):.3f}")
            log.debug("surrogate epoch %d loss %.4f", epoch + 1, np.mean(values))
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


def build_model(config: SurrogateConfig, n_classes: int) -> Any:
    """Four convolutions, pooled over time and bands: the usual small baseline, nothing in its defence."""
    import keras

    inputs = keras.Input((None, config.n_mels))
    x = keras.layers.Reshape((-1, config.n_mels, 1))(inputs)
    for n_filters in (24, 48, 96, 96):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPooling2D(2, padding="same")(x)
    x = keras.layers.Concatenate()([keras.layers.GlobalAveragePooling2D()(x), keras.layers.GlobalMaxPooling2D()(x)])
    x = keras.layers.Dropout(0.3)(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes)(x))


def log_mel(waveforms: Any, config: SurrogateConfig) -> Any:
    """TensorFlow (n, n_samples) to log-mel (n, n_frames, n_mels), natural log, about unit scale; differentiable."""
    import tensorflow as tf

    spectrum = tf.signal.stft(waveforms, config.frame, config.hop, pad_end=True)
    power = tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2
    mel = tf.matmul(power, tf.constant(mel_matrix(config)))
    return (tf.math.log(mel + 1e-5) + 2.0) / 4.0


def mel_matrix(config: SurrogateConfig) -> F32:
    """Triangular filters (n_bins, n_mels) on the HTK mel scale."""
    low_mel, high_mel = 2595 * np.log10(1 + np.array([config.min_hz, config.max_hz]) / 700)
    edges_mel = np.linspace(low_mel, high_mel, config.n_mels + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    bins_hz = np.fft.rfftfreq(config.frame, 1 / config.rate_hz)[:, None]
    rise = (bins_hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    fall = (edges_hz[2:] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])
    triangles: F32 = np.maximum(0, np.minimum(rise, fall)).astype(np.float32)
    return triangles
