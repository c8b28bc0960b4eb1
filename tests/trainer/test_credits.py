"""Licences decide what is fitted on, and makers are named in the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from tests.tiny import write_tiny_dataset
from trainer.credits import read_credits, without_licences
from trainer.data import load_dataset
from trainer.errors import DatasetError
from trainer.export.card import model_card

HEADER = "file,source_title,source_url,author,licence,licence_url\n"


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    root = write_tiny_dataset(tmp_path / "sounds")
    names = sorted(path.name for path in root.rglob("*.wav"))
    rows = [f"{name},t,http://example.org/{i},maker{i % 3},CC-BY,u" for i, name in enumerate(names)]
    rows[0] = rows[0].replace("CC-BY", "CC-Sampling+")
    rows[1] = rows[1].replace("CC-BY", "CC0")
    (root / "credits.csv").write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return root


def test_leaves_out_a_licence(sounds: Path) -> None:
    dataset = load_dataset(sounds)
    kept = without_licences(dataset, ["CC-Sampling+"])
    assert len(kept.clips) == len(dataset.clips) - 1
    assert kept.labels == dataset.labels
    left_out = ({clip.path.name for clip in dataset.clips} - {clip.path.name for clip in kept.clips}).pop()
    assert read_credits(sounds)[left_out].licence == "CC-Sampling+"
    assert without_licences(dataset, []) is dataset


def test_refuses_a_licence_that_no_clip_has(sounds: Path) -> None:
    with pytest.raises(ConfigError, match=r"one of CC-BY, CC-Sampling\+, CC0\. Got CC-SA instead"):
        without_licences(load_dataset(sounds), ["CC-SA"])


def test_names_a_missing_column(sounds: Path) -> None:
    (sounds / "credits.csv").write_text("file,author\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="Got none named licence"):
        read_credits(sounds)


def test_card_names_every_maker_who_asks_for_it(sounds: Path) -> None:
    makers = [
        {"file": "a.wav", "author": "ann", "licence": "CC-BY", "source_url": ""},
        {"file": "b.wav", "author": "bob", "licence": "CC0", "source_url": ""},
        {"file": "c.wav", "author": "ann", "licence": "CC-BY", "source_url": ""},
    ]
    manifest = {
        "name": "n",
        "labels": ["x", "y"],
        "rate_hz": 16000,
        "window_s": 5.0,
        "hop_s": 1.0,
        "stages": [{"name": "surf", "params": {}}] * 6,
        "calibration": {"n": 10},
        "made_by": {"version": "0"},
        "trained_on": {"clips": ["1"], "folds": [1], "data_sha256": "0" * 64, "noises": ["white"]},
    }
    card = model_card(manifest, {"out_of_fold_window_accuracy": 0.5, "n_windows": 4}, makers, None)
    assert "CC-BY (2), CC0 (1)" in card
    assert "- ann (CC-BY): a, c\n" in card
    assert "bob" not in card
