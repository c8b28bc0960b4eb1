"""The first look measured: what it saves is counted, and a blind one would be found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.glance import Watch
from tests.tiny import write_tiny_dataset
from trainer.data import load_dataset
from trainer.evaluate import Evaluation, evaluate_bundle
from trainer.gate import gate_rows, measure_gate


@pytest.fixture
def evaluation(tiny_bundle: Path, tmp_path: Path) -> Evaluation:
    dataset = load_dataset(write_tiny_dataset(tmp_path / "sounds", per_fold=1))
    return evaluate_bundle(tiny_bundle, dataset, run=None, allow_train_clips=True, command="trainer evaluate")


def test_events_are_heard_and_background_is_held(evaluation: Evaluation) -> None:
    figures = measure_gate(evaluation)
    assert figures["events"] == 9 * 3 * 2
    assert figures["heard"] > figures["events"] / 2
    assert figures["missed"]["share"] < 0.1
    assert figures["held"]["share"] > 0.2
    assert figures["same_label_gated"]["share"] > 0.8
    assert figures["same_label_cached"]["share"] > 0.98
    assert len(gate_rows(figures)) == 4
    assert figures == measure_gate(evaluation), "the same streams each time"


def test_a_blind_look_misses_events(evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "_differ", lambda *_: False)
    figures = measure_gate(evaluation)
    assert figures["missed"]["share"] > 0.2
    assert figures["held"]["share"] > 0.8
