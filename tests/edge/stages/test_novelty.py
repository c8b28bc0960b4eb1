"""Novelty: its cues by hand, monotone in each, and a threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.errors import StageError
from edge.stages.novelty import ClassNovelty, nearest
from edge.types import Encoding, Novelty, Scores

STAGE = ClassNovelty(
    projection=np.array([[2, 0, 0], [0, 1, 0]], dtype=np.float32),
    means=np.array([[2, 0], [0, 1], [0, 0]], dtype=np.float32),
    centres=np.array([[-1, 1], [-2, 1], [-1, 1]], dtype=np.float32),
    weights=np.array([2, 1], dtype=np.float32),
    bias=-0.5,
    threshold=0.6,
)


def scores(*values: float) -> Scores:
    array = np.array(values, dtype=np.float32)
    return Scores(values=array, probabilities=array)


def judged(said: Scores, at: tuple[float, float] = (1, 0)) -> Novelty:
    return STAGE(Encoding(np.array([*at, 7], dtype=np.float32), distance=0.0), said)


def test_the_distance_is_to_the_nearest_mean_squared_a_component() -> None:
    projection = np.array([[1, 0, 0], [0, 2, 0]], dtype=np.float32)
    means = np.array([[0, 0], [3, 8]], dtype=np.float32)
    assert nearest(projection, means, np.array([1, 1, 9], dtype=np.float32)) == pytest.approx((1 + 4) / 2)
    assert nearest(projection, means, np.array([2, 3, 9], dtype=np.float32)) == pytest.approx((1 + 4) / 2)


def test_the_score_is_the_logistic_of_cues_about_the_class_that_is_best() -> None:
    # |(2·2 - 2, 3 - 0)|² / 2 = 6.5 from the nearest mean, whichever class is best.
    said = judged(scores(2.0, -1.0, 0.2), at=(2, 3))
    assert said.score == pytest.approx(1 / (1 + np.exp(-(2 * -1 + 5.5 - 0.5))))
    said = judged(scores(-1.0, 2.0, 0.2), at=(2, 3))
    assert said.score == pytest.approx(1 / (1 + np.exp(-(2 * 0 + 5.5 - 0.5))))


def test_louder_and_nearer_is_less_novel() -> None:
    base = judged(scores(0.5, -1.0, 0.2), at=(0, 3)).score
    assert judged(scores(0.6, -1.0, 0.2), at=(0, 3)).score < base, "louder"
    assert judged(scores(0.5, -1.0, 0.2), at=(0, 2)).score < base, "nearer"


def test_above_the_threshold_is_unknown() -> None:
    assert judged(scores(0.5, -1.0, 0.2), at=(0, 3)).unknown
    assert not judged(scores(2.0, -1.0, -1.0)).unknown


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(StageError, match="weights >= 0"):
        replace(STAGE, weights=-STAGE.weights)


def test_an_encoding_of_another_codebook_is_refused() -> None:
    with pytest.raises(StageError, match=r"encoding and decision values \(\(3,\), \(3,\)\)"):
        STAGE(Encoding(np.zeros(4, dtype=np.float32), distance=0.0), scores(1, 0, 0))
