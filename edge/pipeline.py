"""The forward path, stage by stage: the only one, on the device and in training.

Esmaeilpour, Cardinal, Koerich, arXiv 1904.10990: wavelet spectrogram, enhancement, SVD dimension
reduction, denoising autoencoder, SURF or ORB in zones, codebook, polynomial SVM.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from edge.purify import Purifier
from edge.stages.codebook import Codebook
from edge.stages.denoise import Denoise
from edge.stages.enhance import Enhance
from edge.stages.gate import Gate, Level
from edge.stages.lowrank import LowRank
from edge.stages.novelty import ClassNovelty
from edge.stages.off import NoDenoise, NoLowRank, NoNovelty
from edge.stages.orb import DenseOrb
from edge.stages.scalogram import MorletScalogram
from edge.stages.surf import DenseSurf
from edge.stages.suspicion import ConformalSuspicion, indicators
from edge.stages.svm import QuadraticSvm
from edge.types import Scalogram, Scores, Trace, Verdict, Window

__all__ = ["Pipeline"]


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """One typed field per stage; mypy refuses a stage in the wrong slot."""

    labels: tuple[str, ...]
    gate: Gate
    scalogram: MorletScalogram
    enhance: Enhance
    lowrank: LowRank | NoLowRank
    denoise: Denoise | NoDenoise
    describe: DenseSurf | DenseOrb
    codebook: Codebook
    svm: QuadraticSvm
    suspicion: ConformalSuspicion
    novelty: ClassNovelty | NoNovelty
    denoise_first: bool = False
    """The autoencoder before the SVD, not after it"""

    @classmethod
    def slots(cls) -> tuple[str, ...]:
        """Names of the stages' fields, in the order of the path; `denoise_first` swaps two of them."""
        return tuple(item.name for item in fields(cls))[1:-1]

    def __call__(self, window: Window, /) -> Verdict:
        """Judge one window; a gated window costs nothing more than its level."""
        level = self.gate(window)
        return self.gated(window, level) if level.reason is not None else self.verdict(self.trace(window), level)

    def gated(self, window: Window, level: Level, /) -> Verdict:
        """The verdict on a window that the gate stopped."""
        return Verdict(
            start_s=window.start_s,
            label=None,
            confidence=0.0,
            scores={},
            suspicion=None,
            suspicion_p=None,
            reason=level.reason,
            rms_dbfs=level.rms_dbfs,
            clipped=level.clipped,
        )

    def verdict(self, trace: Trace, level: Level, /) -> Verdict:
        """What a traced window comes to."""
        best = int(trace.scores.values.argmax())
        unknown = trace.novelty is not None and trace.novelty.unknown
        probabilities = trace.scores.probabilities.tolist()
        return Verdict(
            start_s=trace.window.start_s,
            label=None if unknown else self.labels[best],
            confidence=0.0 if unknown else probabilities[best],
            scores=dict(zip(self.labels, probabilities, strict=True)),
            suspicion=trace.suspicion.score,
            suspicion_p=trace.suspicion.p_value,
            reason="unknown" if unknown else None,
            rms_dbfs=level.rms_dbfs,
            clipped=level.clipped,
            novelty=None if trace.novelty is None else trace.novelty.score,
        )

    def trace(self, window: Window, /) -> Trace:
        """Every intermediate value of one window; the gate is not asked."""
        return self.from_scalogram(window, self.scalogram(window))

    def from_scalogram(self, window: Window, scalogram: Scalogram, /) -> Trace:
        """The path behind the wavelet transform, for a scalogram (n_bands, n_frames) in dB."""
        enhanced = self.enhance(scalogram)
        purified = Purifier(self.lowrank, self.denoise, self.denoise_first)(enhanced)
        descriptors = self.describe(purified.image)
        encoding = self.codebook(descriptors)
        scores = self.svm(encoding)
        scores_raw = self.classify(enhanced)
        values = indicators(purified.residuals, encoding, scores, scores_raw)
        return Trace(
            window=window,
            scalogram=scalogram,
            enhanced=enhanced,
            lowrank=purified.lowrank,
            denoised=purified.denoised,
            purified=purified.image,
            descriptors=descriptors,
            encoding=encoding,
            scores=scores,
            scores_raw=scores_raw,
            indicators=values,
            suspicion=self.suspicion(values),
            novelty=self.novelty(encoding, scores),
        )

    def classify(self, image: Scalogram, /) -> Scores:
        """Descriptors, codebook and SVM on any image (n_bands, n_frames), dB above the floor."""
        return self.svm(self.codebook(self.describe(image)))
