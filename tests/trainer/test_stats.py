"""Statistics against scipy, against known values, and against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trainer.stats import (
    calibration_error,
    calibration_error_ci95,
    clopper_pearson,
    ks_uniform,
    mcnemar,
    mean_over_clips,
    proportion,
    roc_auc,
    roc_auc_paired,
    tpr_at_fpr,
)


@pytest.mark.parametrize(("k", "n"), [(0, 80), (80, 80), (73, 80), (1, 3)])
def test_clopper_pearson_is_scipys_exact_interval(k: int, n: int) -> None:
    expected = stats.binomtest(k, n).proportion_ci(method="exact")
    assert clopper_pearson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_clopper_pearson_known_value() -> None:
    # Rule of three: no event in 100 trials, upper bound 1 - 0.025 ** (1 / 100)
    assert clopper_pearson(0, 100) == pytest.approx((0.0, 1 - 0.025**0.01))


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_clopper_pearson_refuses_nonsense(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= k <= n"):
        clopper_pearson(k, n)


def test_proportion_to_json() -> None:
    assert set(proportion(3, 4).to_json()) == {"k", "n", "value", "ci95"}


def test_roc_auc_counts_pairs_and_half_the_ties() -> None:
    rng = np.random.default_rng(0)
    positives, negatives = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 30).astype(float)
    wins = np.sign(positives[:, None] - negatives[None, :])
    assert roc_auc(positives, negatives) == pytest.approx((wins.mean() + 1) / 2)


class TestPairedInterval:
    def test_holds_the_value_and_is_deterministic(self) -> None:
        rng = np.random.default_rng(1)
        clean = rng.standard_normal(80)
        moved = clean + 0.5 + 0.5 * rng.standard_normal(80)
        area = roc_auc_paired(moved, clean, seed=3)
        assert area["value"] == pytest.approx(roc_auc(moved, clean))
        assert area["ci95"][0] < area["value"] < area["ci95"][1]
        assert area == roc_auc_paired(moved, clean, seed=3)

    def test_pairing_narrows_it(self) -> None:
        rng = np.random.default_rng(2)
        clean = rng.standard_normal(80)
        paired = roc_auc_paired(clean + 0.3, clean, seed=0)["ci95"]
        loose = roc_auc_paired(clean + 0.3, rng.permutation(clean), seed=0)["ci95"]
        assert paired[1] - paired[0] < 0.5 * (loose[1] - loose[0])

    def test_several_copies_of_each_negative(self) -> None:
        rng = np.random.default_rng(5)
        positives, copies = rng.standard_normal(20) + 1, rng.standard_normal((20, 7))
        assert roc_auc_paired(positives, copies, seed=0)["value"] == pytest.approx(roc_auc(positives, copies.ravel()))

    def test_refuses_unequal_lengths(self) -> None:
        with pytest.raises(ValueError, match="one row a clip wanted"):
            roc_auc_paired(np.zeros(3), np.zeros(4), seed=0)


def test_mean_over_clips() -> None:
    values = np.random.default_rng(6).uniform(size=200)
    mean = mean_over_clips(values, seed=0)
    assert mean["value"] == pytest.approx(values.mean())
    half_width = 1.96 * values.std() / np.sqrt(200)
    assert mean["ci95"] == pytest.approx([values.mean() - half_width, values.mean() + half_width], abs=0.005)


def test_tpr_at_fpr() -> None:
    negatives = np.arange(100.0)
    positives = np.array([98.5, 97.5, 120.0, 0.0])
    assert tpr_at_fpr(positives, negatives, fpr=0.01) == 0.5
    assert tpr_at_fpr(positives, negatives[:50], fpr=0.01) == 0.75


def test_calibration_error() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert calibration_error(np.full(10, 0.85), right) == pytest.approx(0.05)
    assert calibration_error(np.ones(10), right) == pytest.approx(0.2)


def test_ks_uniform_tells_uniform_from_not() -> None:
    p_values = (np.arange(200) + 0.5) / 200
    assert ks_uniform(p_values) == pytest.approx({"statistic": 0.0025, "p": 1.0, "n": 200})
    assert ks_uniform(p_values**3)["p"] < 1e-6


def test_interval_of_the_calibration_error_holds_what_was_made() -> None:
    rng = np.random.default_rng(3)
    confidence = np.full(2000, 0.85)
    low, high = calibration_error_ci95(confidence, rng.random(2000) < 0.65, seed=1, n_draws=200)
    assert low < 0.2 < high
    assert high - low < 0.1


class TestMcnemar:
    def test_by_hand(self) -> None:
        # a alone right on 8 clips, b alone on 2: p = 2 · (C(10,0) + C(10,1) + C(10,2)) / 2^10 = 112 / 1024
        a = np.array([True] * 8 + [False] * 2 + [True] * 30 + [False] * 5)
        b = np.array([False] * 8 + [True] * 2 + [True] * 30 + [False] * 5)
        assert mcnemar(a, b) == {"n10": 8, "n01": 2, "p": pytest.approx(112 / 1024)}
        assert mcnemar(b, a) == {"n10": 2, "n01": 8, "p": pytest.approx(112 / 1024)}

    def test_no_clip_that_tells(self) -> None:
        same = np.array([True, False, True])
        assert mcnemar(same, same) == {"n10": 0, "n01": 0, "p": 1.0}

    def test_other_clips_are_refused(self) -> None:
        with pytest.raises(ValueError, match="one row a clip wanted"):
            mcnemar(np.array([True]), np.array([True, False]))
