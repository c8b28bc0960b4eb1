"""Is the window like any of the classes at all: two cues of the decision values, one score, one threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Novelty, Scores

__all__ = ["CUES", "ScoreNovelty", "cues"]

CUES = ("negative_best", "negative_margin")
"""Both grow with novelty; the order of every array of cues."""


def cues(values: F32) -> F32:
    """Of decision values (n_classes,): how little the best class claims the window, and how close the next is, (2,)."""
    second, first = np.partition(values, -2)[-2:]
    return np.array([-first, second - first], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreNovelty:
    """Cues to one score that grows with each of them, and the score that is too much.

    score = 1 / (1 + exp(-(weights·(cues - centres of the best class) + bias))). Classes differ in how
    loudly they claim their own, so each has its centre. With weights learnt from classes that were left
    out of the head, 0.5 is where known and unknown windows are equally likely if both are equally many.
    """

    name: ClassVar[str] = "novelty"
    centres: F32
    """(n_classes, n_cues), of known windows, by the class that is best"""
    weights: F32
    """(n_cues,), >= 0"""
    bias: float
    threshold: float
    """A score above it is unknown"""

    def __post_init__(self) -> None:
        shapes = self.centres.shape[1:], self.weights.shape
        if shapes != ((len(CUES),), (len(CUES),)) or (self.weights < 0).any():
            raise StageError(self.name, wanted=f"centres and weights >= 0 of {len(CUES)} cues", got=shapes)

    def __call__(self, scores: Scores, /) -> Novelty:
        """Judge the decision values (n_classes,)."""
        if scores.values.shape != (len(self.centres),):
            raise StageError(self.name, wanted=f"({len(self.centres)},) decision values", got=scores.values.shape)
        if not np.isfinite(scores.values).all():
            raise StageError(self.name, wanted="finite decision values", got="NaN or infinity")
        score = self.score(scores.values)
        return Novelty(score=score, unknown=score > self.threshold)

    def score(self, values: F32) -> float:
        """The score alone, in [0, 1]; used to choose `threshold`."""
        above = cues(values) - self.centres[values.argmax()]
        # tanh never overflows, whatever the decision values.
        return 0.5 + 0.5 * math.tanh(0.5 * (float(self.weights @ above) + self.bias))
