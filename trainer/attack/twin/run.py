"""The whole path as one function of a batch: the file to read first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from edge.bundle import Bundle
from edge.pipeline import Pipeline
from edge.stages.off import NoDenoise, NoLowRank
from edge.stages.orb import DenseOrb
from edge.stages.surf import DenseSurf
from trainer.attack.twin.denoise import denoise
from trainer.attack.twin.encode import encode, score, surf
from trainer.attack.twin.image import enhance, lowrank
from trainer.attack.twin.scalogram import scalogram
from trainer.attack.twin.suspicion import indicators, root_mean_square, suspicion
from trainer.errors import AttackError

__all__ = ["Backward", "Signs", "Twin"]

SILENT = 1e-30
"""Share of a window without a say"""


@dataclass(frozen=True, slots=True)
class Backward:
    """How soft the gradient of what is not smooth is; forward nothing changes."""

    soft_db: float = 0.0
    """A cell so far below the floor has a gradient of 1/e; 0 = none: the exact slope"""
    root: float = 1e-2
    """The signed square root's slope ends at that of this value"""


class Signs(NamedTuple):
    """What the pipeline says of a batch of windows or images."""

    scores: Any
    """(n, n_classes), decision values"""
    log_probabilities: Any
    """(n, n_classes), calibrated"""
    suspicion: Any
    """(n,), in [0, 1]"""
    indicators: Any
    """(n, n_indicators)"""


@dataclass(frozen=True, eq=False)
class Twin:
    """A bundle's pipeline in TensorFlow, from waveform or scalogram to scores and suspicion.

    `beta`, wherever it is asked for, is the inverse temperature of the codebook's backward memberships
    (`encode`): one value hides what another finds, so attacks sweep it.
    """

    pipeline: Pipeline
    hop_s: float
    """Distance of windows, seconds"""
    backward: Backward = Backward()

    def __post_init__(self) -> None:
        if isinstance(self.pipeline.describe, DenseOrb):
            raise AttackError("twin: a bundle with SURF wanted. Got ORB, which compares and has no gradient, instead.")

    @classmethod
    def of(cls, bundle: Bundle, backward: Backward = Backward()) -> Twin:
        """The twin of a bundle."""
        return cls(pipeline=bundle.pipeline, hop_s=bundle.hop_s, backward=backward)

    @property
    def rate_hz(self) -> int:
        return self.pipeline.scalogram.rate_hz

    def clips(self, samples: Any, beta: Any) -> Signs:
        """Recordings (n, n_samples) of one length, judged as `edge.clip` does; `scores` are the mean over windows.

        Windows that the gate would stop for their peak have no say. Log probabilities serve as logits.
        """
        windows, loud = self.windows(samples)
        n, n_windows = tf.shape(windows)[0], int(windows.shape[1])
        found = self.signs(self.image(tf.reshape(windows, (-1, int(windows.shape[2])))), beta)
        if n_windows == 1:
            return found
        share = loud / tf.maximum(tf.reduce_sum(loud, axis=1, keepdims=True), 1.0)

        def mean(values: Any) -> Any:
            return tf.reduce_sum(tf.reshape(values, (n, n_windows, values.shape[1])) * share[:, :, None], axis=1)

        each = tf.reshape(found.log_probabilities, (n, n_windows, found.log_probabilities.shape[1]))
        weights = tf.math.log(tf.maximum(share, SILENT))[:, :, None]
        return Signs(
            scores=mean(found.scores),
            log_probabilities=tf.reduce_logsumexp(each + weights, axis=1),
            suspicion=mean(found.suspicion[:, None])[:, 0],
            indicators=mean(found.indicators),
        )

    def windows(self, samples: Any) -> tuple[Any, Any]:
        """Recordings to windows (n, n_windows, n_samples), framed as a stream; and 1 where one is loud enough."""
        n_window, n_hop = self.pipeline.scalogram.n_samples, round(self.hop_s * self.rate_hz)
        short = max(0, n_window - int(samples.shape[1]))
        padded = tf.pad(samples, [[0, 0], [0, short]])
        starts = range(0, int(padded.shape[1]) - n_window + 1, n_hop)
        windows = tf.stack([padded[:, start : start + n_window] for start in starts], axis=1)
        quiet = 10 ** (self.pipeline.gate.quiet_dbfs / 20)
        return windows, tf.cast(tf.reduce_max(tf.abs(windows), axis=2) >= quiet, tf.float32)

    def image(self, windows: Any) -> Any:
        """Windows (n, n_samples) to levels (n, n_bands, n_frames), dB re a full-scale sine."""
        return scalogram(self.pipeline.scalogram, windows)

    def signs(self, level: Any, beta: Any) -> Signs:
        """The path behind the wavelet transform: the second entry point."""
        p = self.pipeline
        enhanced = enhance(p.enhance, level, self.backward.soft_db)
        purified, taken_by_denoise, taken_by_lowrank = self.purify(enhanced)
        scores, distance = self.classify(purified, beta)
        raw, _ = self.classify(enhanced, beta)
        values = indicators(taken_by_denoise, taken_by_lowrank, distance, scores, raw)
        return Signs(
            scores=scores,
            log_probabilities=tf.nn.log_softmax(scores / p.svm.temperature),
            suspicion=suspicion(p.suspicion, values),
            indicators=values,
        )

    def purify(self, enhanced: Any) -> tuple[Any, Any, Any]:
        """SVD and autoencoder in the bundle's order: the last image, and what each took away (n,), dB."""
        if self.pipeline.denoise_first:
            denoised, taken = self.denoised(enhanced)
            image, lost = self.reduced(denoised)
            return image, taken, lost
        reduced, lost = self.reduced(enhanced)
        image, taken = self.denoised(reduced)
        return image, taken, lost

    def reduced(self, level: Any) -> tuple[Any, Any]:
        """After the SVD, and what it took away."""
        stage = self.pipeline.lowrank
        if isinstance(stage, NoLowRank):
            return level, tf.zeros(tf.shape(level)[0])
        image = lowrank(stage, level, self.backward.soft_db)
        return image, root_mean_square(level - image)

    def denoised(self, level: Any) -> tuple[Any, Any]:
        """After the autoencoder, and what it took away."""
        stage = self.pipeline.denoise
        if isinstance(stage, NoDenoise):
            return level, tf.zeros(tf.shape(level)[0])
        image = denoise(stage, level, self.backward.soft_db)
        return image, root_mean_square(level - image)

    def classify(self, image: Any, beta: Any) -> tuple[Any, Any]:
        """Scores (n, n_classes) and codebook distances (n,) of an image."""
        describe = self.pipeline.describe
        assert isinstance(describe, DenseSurf)  # noqa: S101 - __post_init__ refuses the other
        encodings, distance = encode(self.pipeline.codebook, surf(describe, image), beta, self.backward.root)
        return score(self.pipeline.svm, encodings), distance
