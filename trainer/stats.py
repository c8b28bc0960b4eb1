"""The few statistics that a figure needs before it may be printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = [
    "F64",
    "Proportion",
    "calibration_error",
    "calibration_error_ci95",
    "clopper_pearson",
    "ks_uniform",
    "mcnemar",
    "mean_over_clips",
    "proportion",
    "roc_auc",
    "roc_auc_paired",
    "tpr_at_fpr",
]

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Proportion:
    """Successes k of n, with its exact 95 % interval."""

    k: int
    n: int
    value: float
    ci95: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """As written into reports."""
        return asdict(self)


def proportion(k: int, n: int) -> Proportion:
    """Share k / n of n >= 1 trials."""
    return Proportion(k=k, n=n, value=k / n, ci95=clopper_pearson(k, n))


def clopper_pearson(k: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson 1934): never narrower than its level promises."""
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"clopper_pearson: 0 <= k <= n and n >= 1. Got k = {k}, n = {n} instead.")
    alpha = 1.0 - level
    low = 0.0 if k == 0 else float(stats.beta.ppf(alpha / 2, k, n - k + 1))
    high = 1.0 if k == n else float(stats.beta.ppf(1 - alpha / 2, k + 1, n - k))
    return low, high


def mean_over_clips(values: F64, *, seed: int, n_draws: int = 2000) -> dict[str, Any]:
    """Mean of one value a clip (n_clips,), its interval by resampling clips."""
    draws = np.random.default_rng(seed).integers(len(values), size=(n_draws, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return {"value": float(values.mean()), "ci95": [float(low), float(high)], "n": len(values)}


def mcnemar(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> dict[str, Any]:
    """Exact McNemar test (McNemar 1947) of two systems on the same clips (n_clips,): do they differ in accuracy.

    Only clips on which one is right and the other is not count: n10 where a alone is right, n01 where b alone is.
    Under no difference n10 is binomial with one half; p is two-sided, 1 where there is no such clip.
    """
    if right_a.shape != right_b.shape or right_a.ndim != 1:
        raise ValueError(f"mcnemar: one row a clip wanted. Got {right_a.shape}, {right_b.shape} instead.")
    n10, n01 = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    p = float(stats.binomtest(n10, n10 + n01, 0.5).pvalue) if n10 + n01 else 1.0
    return {"n10": n10, "n01": n01, "p": p}


def roc_auc(positives: F64, negatives: F64) -> float:
    """P(positive > negative) + half the ties: the Mann-Whitney form of the area under the ROC curve."""
    ranks = stats.rankdata(np.concatenate([positives, negatives]))
    n_pos, n_neg = len(positives), len(negatives)
    return float((ranks[:n_pos].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


def roc_auc_paired(positives: F64, negatives: F64, *, seed: int, n_draws: int = 2000) -> dict[str, Any]:
    """ROC-AUC of scores of the same clips: positives (n_clips,), negatives (n_clips,) or (n_clips, n_copies).

    The interval resamples clips, and a clip stays together with its perturbed copies in each draw:
    they are not independent, and an interval that treats them so (DeLong's for two groups) would be wrong.
    """
    if positives.ndim != 1 or len(positives) == 0 or len(positives) != len(negatives):
        raise ValueError(f"roc_auc_paired: one row a clip wanted. Got {positives.shape}, {negatives.shape} instead.")
    copies = negatives.reshape(len(negatives), -1)
    above = positives[:, None, None] > copies[None]
    level = positives[:, None, None] == copies[None]
    # wins[i, j]: share of the copies of clip j that the positive of clip i ranks above
    wins = (above + 0.5 * level).mean(axis=2)
    n = len(positives)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=n_draws).astype(np.float64)
    areas = np.einsum("di,ij,dj->d", draws, wins, draws, optimize=True) / n**2
    low, high = np.percentile(areas, [2.5, 97.5])
    return {"value": float(wins.mean()), "ci95": [float(low), float(high)], "n": n}


def tpr_at_fpr(positives: F64, negatives: F64, *, fpr: float) -> float:
    """Share of positives above the lowest threshold that at most `fpr` of the negatives exceed."""
    n_allowed = int(np.floor(fpr * len(negatives)))
    threshold = np.sort(negatives)[::-1][n_allowed]
    return float((positives > threshold).mean())


def calibration_error(confidence: F64, right: NDArray[np.bool_], *, n_bins: int = 10) -> float:
    """Expected calibration error: |confidence - accuracy| averaged over equal-width bins (Naeini 2015)."""
    which = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = [
        (which == i).mean() * abs(confidence[which == i].mean() - right[which == i].mean()) for i in np.unique(which)
    ]
    return float(sum(gaps))


def calibration_error_ci95(confidence: F64, right: NDArray[np.bool_], *, seed: int, n_draws: int = 2000) -> list[float]:
    """95 % interval of the expected calibration error by resampling clips.

    Sampling noise only adds to the error, and resampling adds it twice: the interval lies on the high side.
    """
    draws = np.random.default_rng(seed).integers(len(right), size=(n_draws, len(right)))
    errors = [calibration_error(confidence[draw], right[draw]) for draw in draws]
    return [float(value) for value in np.percentile(errors, [2.5, 97.5])]


def ks_uniform(p_values: F64) -> dict[str, Any]:
    """Kolmogorov-Smirnov test of p-values (n,) against the uniform distribution on [0, 1].

    Conformal p-values lie on a grid of 1 / (n_calibration + 1); with a calibration much larger than
    n the difference is far below the statistic.
    """
    result = stats.kstest(p_values, "uniform")
    return {"statistic": float(result.statistic), "p": float(result.pvalue), "n": len(p_values)}
