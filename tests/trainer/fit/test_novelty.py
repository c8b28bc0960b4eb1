"""The novelty fit keeps its coverage, learns from what was left out, and does without where nothing can be."""

from __future__ import annotations

import numpy as np
import pytest

from edge.types import F32
from trainer.fit.novelty import COVERAGE, fit_novelty
from trainer.fit.outoffold import LeftOut
from trainer.groups import class_groups
from trainer.stats import roc_auc


def decisions(rng: np.random.Generator, n: int, n_classes: int, claim: float) -> F32:
    """One class claims each window by `claim`, the others refuse it."""
    values = rng.normal(-1.0, 0.3, (n, n_classes))
    values[np.arange(n), np.arange(n) % n_classes] += 1.0 + claim
    return values.astype(np.float32)


@pytest.mark.parametrize("n_left_out", [0, 1])
def test_coverage_and_separation(n_left_out: int) -> None:
    rng = np.random.default_rng(4)
    known, strange = decisions(rng, 200, 5, 0.8), decisions(rng, 80, 5, -0.2)
    both = np.concatenate([decisions(rng, 100, 5, 0.8), strange])
    left_out = [LeftOut(kept=np.arange(5), scores=both, unknown=np.arange(len(both)) >= 100)] * n_left_out
    stage = fit_novelty(known, left_out)
    of_known, of_strange = (np.array([stage.score(row) for row in rows]) for rows in (known, strange))
    assert np.mean(of_known <= stage.threshold) == COVERAGE
    assert roc_auc(of_strange, of_known) > 0.95


def test_groups_are_pairs_that_leave_two_classes() -> None:
    assert class_groups(2) == ()
    assert class_groups(3) == ((0,), (1,), (2,))
    assert class_groups(5) == ((0, 1), (2, 3), (4,))
