"""Novelty: its cues by hand, monotone in each, and a threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.errors import StageError
from edge.stages.novelty import ScoreNovelty, cues
from edge.types import Scores

STAGE = ScoreNovelty(
    centres=np.array([[-1, -1], [-2, -1], [-1, -1]], dtype=np.float32),
    weights=np.array([2, 1], dtype=np.float32),
    bias=-0.5,
    threshold=0.6,
)


def scores(*values: float) -> Scores:
    array = np.array(values, dtype=np.float32)
    return Scores(values=array, probabilities=array)


def test_cues_are_the_best_value_and_the_margin() -> None:
    np.testing.assert_allclose(cues(scores(0.5, -1.0, 0.2).values), [-0.5, -0.3], atol=1e-6)


def test_the_score_is_the_logistic_of_cues_about_the_class_that_is_best() -> None:
    assert STAGE(scores(0.5, -1.0, 0.2)).score == pytest.approx(1 / (1 + np.exp(-(2 * 0.5 + 0.7 - 0.5))))
    assert STAGE(scores(-1.0, 0.5, 0.2)).score == pytest.approx(1 / (1 + np.exp(-(2 * 1.5 + 0.7 - 0.5))))


def test_louder_and_clearer_is_less_novel() -> None:
    base = STAGE(scores(0.5, -1.0, 0.2)).score
    assert STAGE(scores(0.6, -1.0, 0.3)).score < base, "louder"
    assert STAGE(scores(0.5, -1.0, 0.1)).score < base, "clearer"


def test_above_the_threshold_is_unknown() -> None:
    assert STAGE(scores(0.5, -1.0, 0.2)).unknown
    assert not STAGE(scores(2.0, -1.0, -1.0)).unknown


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(StageError, match="weights >= 0"):
        replace(STAGE, weights=-STAGE.weights)
