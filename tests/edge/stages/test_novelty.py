"""Novelty: its cues by hand, monotone in each, and a threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.errors import StageError
from edge.stages.novelty import ClassNovelty, distance_to
from edge.types import Scores

STAGE = ClassNovelty(
    means=np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32),
    whitener=np.array([[2, 0], [0, 1]], dtype=np.float32),
    centres=np.array([[-1, 1], [-2, 1], [-1, 1]], dtype=np.float32),
    weights=np.array([2, 1], dtype=np.float32),
    bias=-0.5,
    threshold=0.6,
)


def scores(*values: float, at: tuple[float, float] = (1, 0)) -> Scores:
    array = np.array(values, dtype=np.float32)
    return Scores(values=array, probabilities=array, components=np.array(at, dtype=np.float32))


def test_the_distance_is_mahalanobis_squared_a_component() -> None:
    rng = np.random.default_rng(0)
    root = rng.standard_normal((5, 5))
    covariance = root @ root.T + np.eye(5)
    whitener = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
    mean, z = rng.standard_normal((2, 5)).astype(np.float32)
    wanted = (z - mean) @ np.linalg.inv(covariance) @ (z - mean) / 5
    assert distance_to(mean, whitener, z) == pytest.approx(wanted, rel=1e-4)


def test_the_score_is_the_logistic_of_cues_about_the_class_that_is_best() -> None:
    # Best is class 0: |(2·(2 - 1), 3 - 0)|² / 2 = 6.5 from its mean.
    assert STAGE(scores(2.0, -1.0, 0.2, at=(2, 3))).score == pytest.approx(1 / (1 + np.exp(-(2 * -1 + 5.5 - 0.5))))
    # Best is class 1: |(2·2, 3 - 1)|² / 2 = 10 from its mean.
    assert STAGE(scores(-1.0, 2.0, 0.2, at=(2, 3))).score == pytest.approx(1 / (1 + np.exp(-(2 * 0 + 9 - 0.5))))


def test_louder_and_nearer_is_less_novel() -> None:
    base = STAGE(scores(0.5, -1.0, 0.2, at=(0, 1))).score
    assert STAGE(scores(0.6, -1.0, 0.2, at=(0, 1))).score < base, "louder"
    assert STAGE(scores(0.5, -1.0, 0.2, at=(0.5, 0.5))).score < base, "nearer"


def test_above_the_threshold_is_unknown() -> None:
    assert STAGE(scores(0.5, -1.0, 0.2, at=(0, 1))).unknown
    assert not STAGE(scores(2.0, -1.0, -1.0)).unknown


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(StageError, match="weights >= 0"):
        replace(STAGE, weights=-STAGE.weights)


def test_components_of_another_svm_are_refused() -> None:
    with pytest.raises(StageError, match=r"values and components \(\(3,\), \(2,\)\)"):
        STAGE(replace(scores(1, 0, 0), components=np.zeros(3, dtype=np.float32)))
