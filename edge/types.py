"""What flows through the forward path, one frozen value a step.

Window → Scalogram → (enhanced) → (low-rank) → Denoised → Descriptors → Encoding → Scores → Verdict

Arrays are float32, C-contiguous, and read-only by convention: a stage returns a new value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "F32",
    "Denoised",
    "Descriptors",
    "Encoding",
    "Novelty",
    "Scalogram",
    "Scores",
    "Stage",
    "Suspicion",
    "Trace",
    "Verdict",
    "Window",
]

F32 = NDArray[np.float32]

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Stage(Protocol[In, Out]):
    """A pure function of its input, with its parameters frozen in."""

    name: ClassVar[str]

    def __call__(self, value: In, /) -> Out: ...


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of sound long enough for one verdict."""

    samples: F32
    """(n_samples,), full scale = ±1"""
    rate_hz: int
    start_s: float
    """Seconds on the capture clock"""


@dataclass(frozen=True, slots=True, eq=False)
class Scalogram:
    """A wavelet power image of one window."""

    level_db: F32
    """(n_bands, n_frames), dB re a full-scale sine; after enhancement: dB above the floor"""
    peak_db: float
    """Highest level of the window before enhancement, dB re a full-scale sine"""


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """What the autoencoder kept of a scalogram, and what it took away."""

    scalogram: Scalogram
    residual_db: float
    """Root mean square of input minus output, dB (a difference of levels)"""


@dataclass(frozen=True, slots=True, eq=False)
class Descriptors:
    """Local descriptors of one image."""

    values: F32
    """(n_points, n_dims)"""


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One vector for one window, from the descriptors and the codebook."""

    values: F32
    """(n_dims,), unit length"""
    distance: float
    """Mean distance of a descriptor to its nearest word"""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One decision value a class, larger = more like it; and their calibrated probabilities."""

    values: F32
    """(n_classes,)"""
    probabilities: F32
    """(n_classes,), sum = 1"""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How unlike clean sound a window behaves. Not the probability of an attack."""

    score: float
    """In [0, 1], larger = more suspicious"""
    p_value: float
    """Conformal p-value under the calibration windows, in (0, 1]; small = unlike clean sound"""
    n_calibration: int
    """Number of calibration windows: 1 / (n + 1) is the smallest p-value there is"""


@dataclass(frozen=True, slots=True)
class Novelty:
    """How little a window is like any class."""

    score: float
    """In [0, 1], larger = less like any class"""
    unknown: bool
    """The score is above the bundle's threshold"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the pipeline says of one window."""

    start_s: float
    """Start of the window, seconds on the capture clock"""
    label: str | None
    """None is abstention; `reason` says why"""
    confidence: float
    """Calibrated probability of the label, in [0, 1]; 0 on abstention"""
    scores: dict[str, float]
    """Calibrated probability of every class; empty where the gate stopped the window, kept where it is unknown"""
    suspicion: float | None
    """In [0, 1], larger = more suspicious; None where the gate stopped the window"""
    suspicion_p: float | None
    """Conformal p-value; None where the gate stopped the window"""
    reason: str | None
    """None, or why there is no label: silence, too_quiet, clipped, unknown"""
    rms_dbfs: float | None
    """Level of the window, dB re a full-scale square wave; None for digital silence"""
    clipped: bool
    """Some samples stand at full scale"""
    novelty: float | None = None
    """In [0, 1], larger = less like any class; None where the gate stopped the window, or the bundle does not tell"""

    @property
    def best(self) -> str | None:
        """The likeliest label, abstained or not; None where the gate stopped the window."""
        return max(self.scores, key=self.scores.__getitem__) if self.scores else None

    def committed(self) -> Verdict:
        """The same for those who want no `unknown`: the likeliest label in its place."""
        best = self.best
        if self.reason != "unknown" or best is None:
            return self
        return replace(self, label=best, confidence=self.scores[best], reason=None)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Every intermediate value of one window, for tests, figures and golden replay."""

    window: Window
    scalogram: Scalogram
    enhanced: Scalogram
    lowrank: Scalogram
    denoised: Denoised
    purified: Scalogram
    """What the descriptors are of: the denoised image, or the low-rank one where that comes last"""
    descriptors: Descriptors
    encoding: Encoding
    scores: Scores
    scores_raw: Scores
    """The scores that the same classifier gives to the enhanced image, before SVD and autoencoder"""
    indicators: F32
    """(n_indicators,), the inputs of the suspicion score"""
    suspicion: Suspicion
    novelty: Novelty | None
    """None where the bundle has no novelty stage"""
