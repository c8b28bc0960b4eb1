"""Is the window like any of the classes at all: two cues, one score, one threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Novelty, Scores

__all__ = ["CUES", "ClassNovelty", "distance_to"]

CUES = ("negative_best", "distance")
"""Both grow with novelty; the order of every array of cues."""


def distance_to(mean: F32, whitener: F32, components: F32) -> float:
    """Mahalanobis distance of components (n_components,) to a class's mean, squared, a component."""
    away = whitener @ (components - mean)
    return float(away @ away) / len(away)


@dataclass(frozen=True, slots=True, eq=False)
class ClassNovelty:
    """Cues to one score that grows with each of them, and the score that is too much.

    The cues are how little the best class claims the window (its decision value, negative), and how far
    from that class's mean the window's codebook encoding lies, in units of how far the classes' own lie
    (Mahalanobis distance with one covariance for all classes: Lee et al. 2018). The decision values see
    what tells the classes apart; the distance sees the rest.

    score = 1 / (1 + exp(-(weights·(cues - centres of the best class) + bias))). Classes differ in how
    loudly they claim their own, so each has its centre. With weights learnt from classes that were left
    out of the head, 0.5 is where known and unknown windows are equally likely if both are equally many.
    """

    name: ClassVar[str] = "novelty"
    means: F32
    """(n_classes, n_components), of the components of known windows and their copies"""
    whitener: F32
    """(n_components, n_components): makes the spread about the means the same in all directions"""
    centres: F32
    """(n_classes, n_cues), of known windows, by the class that is best"""
    weights: F32
    """(n_cues,), >= 0"""
    bias: float
    threshold: float
    """A score above it is unknown"""

    def __post_init__(self) -> None:
        shapes = self.means.shape, self.whitener.shape, self.centres.shape, self.weights.shape
        n_classes, n_components = self.means.shape if self.means.ndim == 2 else (0, 0)
        square, cues = (n_components, n_components), (len(CUES),)
        if shapes[1:] != (square, (n_classes, *cues), cues) or (self.weights < 0).any():
            wanted = f"means and centres of as many classes, a square whitener, {len(CUES)} weights >= 0"
            raise StageError(self.name, wanted=wanted, got=shapes)

    def __call__(self, scores: Scores, /) -> Novelty:
        """Judge decision values (n_classes,) and the components that they are made of (n_components,)."""
        shapes = scores.values.shape, scores.components.shape
        wanted = (len(self.means),), self.means.shape[1:]
        if shapes != wanted:
            raise StageError(self.name, wanted=f"values and components {wanted}", got=shapes)
        if not (np.isfinite(scores.values).all() and np.isfinite(scores.components).all()):
            raise StageError(self.name, wanted="finite values and components", got="NaN or infinity")
        best = int(scores.values.argmax())
        distance = distance_to(self.means[best], self.whitener, scores.components)
        score = self.score(best, np.array([-scores.values[best], distance], dtype=np.float32))
        return Novelty(score=score, unknown=score > self.threshold)

    def score(self, best: int, cues: F32) -> float:
        """The score alone of cues (n_cues,) of a window that the class `best` claims, in [0, 1]."""
        logit = float(self.weights @ (cues - self.centres[best])) + self.bias
        # tanh never overflows, whatever the decision values.
        return 0.5 + 0.5 * math.tanh(0.5 * logit)
