"""Scores of training windows by heads that were not fitted on them.

The head (codebook and SVM) is fitted again for each inner fold. The autoencoder is not: it learns
noise, not classes, and one more training a fold would double the time of a fit; whether that shows is
measured on held-out clips (`trainer evaluate` prints the Kolmogorov-Smirnov test of the p-values).

Heads without some classes say how windows of no class look. Their codebook is fitted without them, too:
with a codebook that has seen the class, a stranger is easier to tell than it will be on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.stages.codebook import Codebook
from edge.stages.novelty import nearest
from edge.stages.suspicion import indicators
from edge.stages.svm import QuadraticSvm
from edge.types import F32, Encoding, Scores
from trainer.errors import TrainerError
from trainer.fit.purified import Purified, Row
from trainer.fit.spread import ClassSpread

__all__ = ["FitHead", "Head", "LeftOut", "OutOfFold", "inner_folds", "score_out_of_fold", "score_without_classes"]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What is fitted on classes."""

    codebook: Codebook
    svm: QuadraticSvm
    spread: ClassSpread
    """Of the encodings"""

    def distance(self, encoding: Encoding) -> float:
        """How far a window lies from the nearest class."""
        return nearest(self.spread.projection, self.spread.means, encoding.values)


FitHead = Callable[[NDArray[np.intp], NDArray[np.intp]], Head]
"""(indices of windows, indices of their classes in rising order) to the head fitted on them"""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What the inner folds say of the windows they left out."""

    scores: F32
    """(n_windows, n_classes), of the clean windows"""
    distances: F32
    """(n_windows,), of the clean windows to the nearest class"""
    clean: F32
    """(n_windows, n_indicators)"""
    noisy: F32
    """(n_windows, n_indicators), of each window's first noisy twin"""

    def accuracy(self, classes: NDArray[np.intp]) -> float:
        """Share of clean windows with the right label."""
        return float(np.mean(self.scores.argmax(axis=1) == classes))


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """What a head without some classes says of the windows of one inner fold, theirs among them."""

    kept: NDArray[np.intp]
    """(n_kept,), the classes that the head knows, rising"""
    scores: F32
    """(n_windows, n_kept)"""
    distances: F32
    """(n_windows,)"""
    unknown: NDArray[np.bool_]
    """(n_windows,), of a class that was left out"""


def score_out_of_fold(purified: Purified, parts: NDArray[np.intp], fit_head: FitHead) -> OutOfFold:
    """Leave out one inner fold (n_windows,) at a time."""
    classes = np.unique(purified.classes)
    scores: dict[int, F32] = {}
    distances: dict[int, float] = {}
    clean: dict[int, F32] = {}
    noisy: dict[int, F32] = {}
    for part in np.unique(parts).tolist():
        head = fit_head(np.flatnonzero(parts != part), classes)
        for i in np.flatnonzero(parts == part).tolist():
            encoding, said, clean[i] = _judge(purified.rows[0][i], head)
            scores[i], distances[i] = said.values, head.distance(encoding)
            _, _, noisy[i] = _judge(purified.rows[1][i], head)
    return OutOfFold(*(_in_order(found) for found in (scores, distances, clean, noisy)))


def score_without_classes(
    purified: Purified, parts: NDArray[np.intp], groups: Sequence[Sequence[int]], fit_head: FitHead
) -> list[LeftOut]:
    """Leave out each group of classes, and with it one inner fold in rotation, so that no window is fitted on."""
    names = np.unique(parts)
    found = []
    for i, group in enumerate(groups):
        part = names[i % len(names)]
        unknown = np.isin(purified.classes, group)
        kept = np.unique(purified.classes[~unknown])
        head = fit_head(np.flatnonzero((parts != part) & ~unknown), kept)
        windows = np.flatnonzero(parts == part)
        encodings = [head.codebook(purified.rows[0][w].purified) for w in windows]
        found.append(
            LeftOut(
                kept=kept,
                scores=np.array([head.svm(encoding).values for encoding in encodings]),
                distances=np.array([head.distance(encoding) for encoding in encodings], dtype=np.float32),
                unknown=unknown[windows],
            )
        )
    return found


def inner_folds(purified: Purified, n_parts: int, rng: Generator) -> NDArray[np.intp]:
    """The data set's own folds if there are two or more (clips of one recording stay together), else dealt by class."""
    if len(np.unique(purified.folds)) > 1:
        return purified.folds
    parts = np.zeros_like(purified.classes)
    for k in np.unique(purified.classes):
        members = rng.permutation(np.flatnonzero(purified.classes == k))
        parts[members] = np.arange(len(members)) % n_parts
    return parts


def _in_order(found: Mapping[int, F32 | float]) -> F32:
    return np.array([found[i] for i in range(len(found))], dtype=np.float32)


def _judge(row: Row, head: Head) -> tuple[Encoding, Scores, F32]:
    if row.raw is None:
        raise TrainerError("out of fold: the raw descriptors wanted. Got none instead.")
    encoding = head.codebook(row.purified)
    scores = head.svm(encoding)
    return encoding, scores, indicators(row.residuals, encoding, scores, head.svm(head.codebook(row.raw)))
