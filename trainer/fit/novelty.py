"""The novelty score: known windows out of fold against windows of classes that the head never saw.

Weights come from heads that were fitted without some classes, whose windows play the unknown. The
threshold comes from the known windows alone, so the coverage holds whatever the unknown will be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from edge.stages.novelty import CUES, ClassNovelty
from trainer.fit.outoffold import LeftOut, OutOfFold
from trainer.fit.spread import ClassSpread

__all__ = ["COVERAGE", "fit_novelty"]

F64 = NDArray[np.float64]

COVERAGE = 0.95
"""Share of known out-of-fold windows that keep their label"""
PRIOR_WINDOWS = 5
"""A class's centre is drawn towards that of all classes as if it had so many windows more"""
RIDGE = 0.01
"""On the weights of standardised cues"""


def fit_novelty(spread: ClassSpread, known: OutOfFold, left_out: Sequence[LeftOut]) -> ClassNovelty:
    """From known windows out of fold, and from heads without some classes.

    Without such heads (two classes leave none to leave out) the standardised cues weigh the same.
    """
    raw, best = cues_of(known), known.scores.argmax(axis=1)
    centres = class_centres(raw, best, known.scores.shape[1])
    scale = np.maximum((raw - centres[best]).std(axis=0), 1e-6)
    weights, bias = np.ones(len(CUES)), 0.0
    if left_out:
        above = [cues_of(one) - centres[one.kept[one.scores.argmax(axis=1)]] for one in left_out]
        weights, bias = logistic(np.concatenate(above) / scale, np.concatenate([one.unknown for one in left_out]))
    stage = ClassNovelty(
        projection=spread.projection,
        means=spread.means,
        centres=centres.astype(np.float32),
        weights=(weights / scale).astype(np.float32),
        bias=round(bias, 6),
        threshold=1.0,
    )
    scores = np.sort([stage.score(int(k), row.astype(np.float32)) for k, row in zip(best, raw, strict=True)])
    return replace(stage, threshold=float(scores[int(np.ceil(COVERAGE * len(scores))) - 1]))


def cues_of(said: OutOfFold | LeftOut) -> F64:
    """Cues (n_windows, n_cues) in the order of the stage."""
    return np.stack([-said.scores.max(axis=1), said.distances], axis=1).astype(np.float64)


def class_centres(raw: F64, best: NDArray[np.intp], n_classes: int) -> F64:
    """Mean cues (n_classes, n_cues) of the windows that each class claims, shrunk towards the mean of all."""
    member = np.eye(n_classes)[best]
    total = member.T @ raw + PRIOR_WINDOWS * raw.mean(axis=0)
    centres: F64 = total / (member.sum(axis=0)[:, None] + PRIOR_WINDOWS)
    return centres


def logistic(above: F64, unknown: NDArray[np.bool_]) -> tuple[F64, float]:
    """Weights >= 0 and bias of the logistic regression in which known and unknown count the same."""
    share = np.where(unknown, 0.5 / unknown.sum(), 0.5 / (~unknown).sum())
    sign = np.where(unknown, -1.0, 1.0)

    def loss(free: F64) -> tuple[float, F64]:
        margin = sign * (above @ free[:-1] + free[-1])
        slope = share * sign / (1.0 + np.exp(-margin))
        gradient = np.append(above.T @ slope + 2 * RIDGE * free[:-1], slope.sum())
        return float(share @ np.logaddexp(0.0, margin) + RIDGE * free[:-1] @ free[:-1]), gradient

    n_cues = above.shape[1]
    found = minimize(
        loss, np.zeros(n_cues + 1), jac=True, method="L-BFGS-B", bounds=[(0, None)] * n_cues + [(None, None)]
    )
    return found.x[:-1], float(found.x[-1])
