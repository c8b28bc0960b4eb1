"""A first suspicion score: how unlike known sound the window behaves inside the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Denoised, Encoding, Scalogram, Scores, Suspicion

__all__ = ["INDICATORS", "ConformalSuspicion", "indicators", "residuals"]

INDICATORS = ("score_change", "denoise_residual_db", "lowrank_residual_db", "codebook_distance", "negative_margin")
"""All grow with suspicion; the order of every array of indicators."""


def residuals(before: Scalogram, lowrank: Scalogram, denoised: Denoised) -> F32:
    """What the autoencoder, and the SVD of `before`, took away, (2,), root mean square, dB."""
    lost = np.sqrt(np.mean(np.square(before.level_db - lowrank.level_db)))
    return np.array([denoised.residual_db, lost], dtype=np.float32)


def indicators(lost: F32, encoding: Encoding, scores: Scores, scores_raw: Scores) -> F32:
    """Cheap signs of tampering, (5,), in the order of INDICATORS.

    How far purification moves the scores (Xu, Evans, Qi 2018: feature squeezing), the residuals
    (2,), how far the descriptors are from the codebook, and how close the two best classes are.
    """
    second, first = np.partition(scores.values, -2)[-2:]
    change = np.abs(scores.values - scores_raw.values).max()
    return np.array([change, lost[0], lost[1], encoding.distance, second - first], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ConformalSuspicion:
    """Indicators to one monotone score, and its conformal p-value.

    Each indicator becomes its tail probability under a reference of clean windows and their
    random-noise twins, so that ordinary noise is not suspicious by itself; the score is one minus
    the geometric mean of the tails (Fisher's combination). No attack is needed to fit it. The p-value
    is split-conformal over clean windows that the classifier was not fitted on:
    p = (1 + #{calibration >= score}) / (n + 1) (Vovk, Gammerman, Shafer 2005).
    """

    name: ClassVar[str] = "suspicion"
    quantiles: F32
    """(n_indicators, n_quantiles), rising: equally spaced quantiles of the reference"""
    calibration: F32
    """(n_calibration,), scores of clean out-of-fold windows"""

    def __call__(self, values: F32, /) -> Suspicion:
        """Judge the indicators (n_indicators,)."""
        if values.shape != (len(self.quantiles),):
            raise StageError(self.name, wanted=f"({len(self.quantiles)},) indicators", got=values.shape)
        if not np.isfinite(values).all():
            raise StageError(self.name, wanted="finite indicators", got="NaN or infinity")
        score = self.score(values)
        n = len(self.calibration)
        at_least = int(np.count_nonzero(self.calibration >= np.float32(score)))
        return Suspicion(score=score, p_value=(1 + at_least) / (n + 1), n_calibration=n)

    def score(self, values: F32) -> float:
        """The score alone, in [0, 1]; used to fill `calibration`."""
        n = self.quantiles.shape[1]
        place = np.linspace(0.0, 1.0, n)
        tails = [1.0 - float(np.interp(v, row, place)) for v, row in zip(values, self.quantiles, strict=True)]
        # Beyond the reference every value is equally unlikely: the tail ends at half a step.
        logs = np.log(np.maximum(tails, 0.5 / n))
        return float(np.float32(1.0 - np.exp(np.mean(logs))))
