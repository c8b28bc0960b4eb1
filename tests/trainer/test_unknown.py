"""The protocol of left-out classes on made sounds: every class is a stranger once, and no bundle knew it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.bundle import read_bundle
from tests.tiny import LABELS, TINY
from trainer.data import load_dataset
from trainer.unknown import SCORES, measure_unknown, unknown_summary

pytestmark = pytest.mark.slow


def test_every_class_is_left_out_once(tiny_dataset: Path, tmp_path: Path) -> None:
    figures = measure_unknown(load_dataset(tiny_dataset), TINY, tmp_path, all_folds=False, command="trainer evaluate")
    assert set(figures["auroc"]) == set(SCORES)
    assert set(figures["auroc"]["novelty"]["per_group"]) == set(LABELS)
    assert (figures["rejected"]["n"], figures["coverage"]["n"]) == (2 * 3, 4 * 3)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert "AUROC novelty" in unknown_summary(figures)
    for i, label in enumerate(LABELS):
        bundle = read_bundle(tmp_path / f"{label}-fold-{i + 1}" / "bundle")
        assert bundle.labels == tuple(other for other in LABELS if other != label)
