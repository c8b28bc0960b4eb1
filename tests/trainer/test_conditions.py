"""Test conditions are the declared ones, the same for everybody who asks, and none that training knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainer.conditions import CONDITIONS, condition_rows, measure_conditions, worsened
from trainer.data import load_dataset, read_clip
from trainer.evaluate import evaluate_bundle


def test_noise_conditions_hold_their_ratio(tiny_dataset: Path) -> None:
    clip = load_dataset(tiny_dataset).clips[0]
    clean = read_clip(clip, rate_hz=16000)
    for condition in CONDITIONS:
        heard = worsened(clip, condition, 16000)
        np.testing.assert_array_equal(heard, worsened(clip, condition, 16000))
        if condition.noise is not None:
            ratio_db = 10 * np.log10(np.mean(clean**2) / np.mean((heard - clean) ** 2))
            assert abs(ratio_db - condition.snr_db) < 0.1


def test_every_condition_is_measured_on_every_clip(tiny_bundle: Path, tiny_dataset: Path) -> None:
    evaluation = evaluate_bundle(
        tiny_bundle, load_dataset(tiny_dataset), run=None, allow_train_clips=True, command="trainer evaluate"
    )
    figures = measure_conditions(evaluation)
    assert list(figures) == [condition.name for condition in CONDITIONS]
    assert {row["n"] for row in figures.values()} == {18}
    assert len(condition_rows(figures)) == len(CONDITIONS)
