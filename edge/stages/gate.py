"""The silence gate: a relative floor turns silence into noise, so silence is not judged at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import Window

__all__ = ["Gate", "Level"]

FULL_SCALE = 0.999
"""Samples at or above this magnitude count as clipped; 16-bit converters reach 0.99997."""


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a window is, and whether it can be judged."""

    rms_dbfs: float | None
    """dB re a full-scale square wave; None for digital silence, never 0"""
    peak_dbfs: float | None
    """Largest magnitude, dB re full scale; None for digital silence"""
    clipped: bool
    """At least one sample in a thousand stands at full scale"""
    reason: str | None
    """None = judge it; otherwise silence, too_quiet or clipped"""


@dataclass(frozen=True, slots=True)
class Gate:
    """Abstain on windows that carry no usable sound."""

    name: ClassVar[str] = "gate"
    quiet_dbfs: float
    """Windows whose peak is lower are too quiet to judge, dB re full scale"""
    clipped_fraction: float
    """Windows with more samples at full scale are too distorted to judge, in (0, 1]"""

    def __call__(self, window: Window, /) -> Level:
        """Measure the samples (n_samples,), full scale = ±1.

        Raises
        ------
        StageError : a sample is NaN or infinite, or there is no sample
        """
        samples = window.samples
        if samples.ndim != 1 or samples.size == 0:
            raise StageError(self.name, wanted="samples must be (n_samples,), n >= 1", got=samples.shape)
        peak = float(max(samples.max(), -samples.min()))
        if not math.isfinite(peak):
            raise StageError(self.name, wanted="samples must be finite", got="NaN or infinity")
        if peak == 0.0:
            return Level(rms_dbfs=None, peak_dbfs=None, clipped=False, reason="silence")
        # Samples below 1e-19 square to zero in float32.
        scale = 1.0 if peak > 1e-6 else peak
        unit = samples if scale == 1.0 else samples / np.float32(scale)
        rms_dbfs = 20.0 * math.log10(scale) + 10.0 * math.log10(float(np.dot(unit, unit)) / samples.size)
        peak_dbfs = 20.0 * math.log10(peak)
        at_full_scale = float(np.mean(np.abs(samples) >= FULL_SCALE)) if peak >= FULL_SCALE else 0.0
        reason = None
        if peak_dbfs < self.quiet_dbfs:
            reason = "too_quiet"
        elif at_full_scale > self.clipped_fraction:
            reason = "clipped"
        return Level(rms_dbfs=rms_dbfs, peak_dbfs=peak_dbfs, clipped=at_full_scale >= 1e-3, reason=reason)
