"""The novelty fit keeps its coverage, learns from what was left out, and does without where nothing can be."""

from __future__ import annotations

import numpy as np
import pytest

from edge.types import F32
from trainer.fit.novelty import COVERAGE, cues_of, fit_novelty
from trainer.fit.outoffold import LeftOut, OutOfFold
from trainer.fit.spread import ClassSpread, fit_spread
from trainer.groups import class_groups
from trainer.stats import F64, roc_auc

N_CLASSES = 5
SPREAD = ClassSpread(projection=np.eye(3, dtype=np.float32), means=np.zeros((N_CLASSES, 3), np.float32))


def decisions(rng: np.random.Generator, n: int, claim: float) -> F32:
    """One class claims each window by `claim`, the others refuse it."""
    values = rng.normal(-1.0, 0.3, (n, N_CLASSES))
    values[np.arange(n), np.arange(n) % N_CLASSES] += 1.0 + claim
    return values.astype(np.float32)


def distances(rng: np.random.Generator, n: int, mean: float) -> F32:
    return rng.normal(mean, 0.3, n).astype(np.float32)


# Strangers are told by the claim alone, or by the distance alone.
@pytest.mark.parametrize(("claim", "distance"), [(-0.2, 1.0), (0.8, 3.0)])
@pytest.mark.parametrize("n_left_out", [0, 1])
def test_coverage_and_separation(n_left_out: int, claim: float, distance: float) -> None:
    rng = np.random.default_rng(4)
    nothing = np.zeros((200, 5), dtype=np.float32)
    known = OutOfFold(decisions(rng, 200, 0.8), distances(rng, 200, 1.0), nothing, nothing)
    both = np.concatenate([decisions(rng, 100, 0.8), decisions(rng, 80, claim)])
    away = np.concatenate([distances(rng, 100, 1.0), distances(rng, 80, distance)])
    asked = LeftOut(kept=np.arange(N_CLASSES), scores=both, distances=away, unknown=np.arange(180) >= 100)
    stage = fit_novelty(SPREAD, known, [asked] * n_left_out)

    def novelty(said: OutOfFold | LeftOut) -> F64:
        best = said.scores.argmax(axis=1)
        rows = cues_of(said).astype(np.float32)
        return np.array([stage.score(int(k), row) for k, row in zip(best, rows, strict=True)])

    assert np.mean(novelty(known) <= stage.threshold) == pytest.approx(COVERAGE, abs=0.005)
    assert roc_auc(novelty(asked)[100:], novelty(asked)[:100]) > (0.95 if n_left_out else 0.9)


def test_the_spread_whitens_what_it_was_fitted_on() -> None:
    rng = np.random.default_rng(1)
    classes = np.arange(600) % 3
    encodings = rng.standard_normal((600, 4)) * [1.0, 2.0, 0.5, 3.0] + 10.0 * np.eye(3, 4)[classes]
    spread = fit_spread(encodings.astype(np.float32), classes, 3)
    white = encodings @ spread.projection.T - spread.means[classes]
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(4), atol=0.01)


def test_groups_are_pairs_that_leave_two_classes() -> None:
    assert class_groups(2) == ()
    assert class_groups(3) == ((0,), (1,), (2,))
    assert class_groups(5) == ((0, 1), (2, 3), (4,))
    assert len(class_groups(10)) == 5
    assert class_groups(50)[1] == tuple(range(10, 20))
    assert sum(class_groups(50), ()) == tuple(range(50))
