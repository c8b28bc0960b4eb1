"""Is the window like any of the classes at all: two cues, one score, one threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Encoding, Novelty, Scores

__all__ = ["CUES", "ClassNovelty", "nearest"]

CUES = ("negative_best", "distance")
"""Both grow with novelty; the order of every array of cues."""


def nearest(projection: F32, means: F32, values: F32) -> float:
    """Distance of values (n_dims,) to the nearest of the means (n_classes, n_white), squared, a component."""
    away = projection @ values - means
    return float(min(row @ row for row in away) / means.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class ClassNovelty:
    """Cues to one score that grows with each of them, and the score that is too much.

    The cues are how little the best class claims the window (its decision value, negative), and how far
    the window's codebook encoding lies from the nearest class, in units of how far the classes' own lie
    (Mahalanobis distance with one covariance for all classes: Lee et al. 2018). The decision values see
    what tells the classes apart; the distance sees the rest.

    score = 1 / (1 + exp(-(weights·(cues - centres of the best class) + bias))). Classes differ in how
    loudly they claim their own, so each has its centre. With weights learnt from classes that were left
    out of the head, 0.5 is where known and unknown windows are equally likely if both are equally many.
    """

    name: ClassVar[str] = "novelty"
    projection: F32
    """(n_white, n_dims): components of an encoding that spread alike in all directions about the means"""
    means: F32
    """(n_classes, n_white), of known windows and their copies"""
    centres: F32
    """(n_classes, n_cues), of known windows, by the class that is best"""
    weights: F32
    """(n_cues,), >= 0"""
    bias: float
    threshold: float
    """A score above it is unknown"""

    def __post_init__(self) -> None:
        shapes = self.projection.shape[:1], self.means.shape, self.centres.shape, self.weights.shape
        n_classes, n_white = self.means.shape if self.means.ndim == 2 else (0, 0)
        wanted_shapes = (n_white,), (n_classes, n_white), (n_classes, len(CUES)), (len(CUES),)
        if self.projection.ndim != 2 or shapes != wanted_shapes or (self.weights < 0).any():
            wanted = f"a projection, means and centres of as many classes, {len(CUES)} weights >= 0"
            raise StageError(self.name, wanted=wanted, got=shapes)

    def __call__(self, encoding: Encoding, scores: Scores, /) -> Novelty:
        """Judge an encoding (n_dims,) and the decision values (n_classes,) that the SVM gave for it."""
        shapes = encoding.values.shape, scores.values.shape
        wanted = self.projection.shape[1:], (len(self.means),)
        if shapes != wanted:
            raise StageError(self.name, wanted=f"encoding and decision values {wanted}", got=shapes)
        if not (np.isfinite(encoding.values).all() and np.isfinite(scores.values).all()):
            raise StageError(self.name, wanted="a finite encoding and finite values", got="NaN or infinity")
        best = int(scores.values.argmax())
        distance = nearest(self.projection, self.means, encoding.values)
        score = self.score(best, np.array([-scores.values[best], distance], dtype=np.float32))
        return Novelty(score=score, unknown=score > self.threshold)

    def score(self, best: int, cues: F32) -> float:
        """The score alone of cues (n_cues,) of a window that the class `best` claims, in [0, 1]."""
        logit = float(self.weights @ (cues - self.centres[best])) + self.bias
        # tanh never overflows, whatever the decision values.
        return 0.5 + 0.5 * math.tanh(0.5 * logit)
