"""The large set in small: sounds are made once, the fit is a process of its own, and its memory is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainer.bench.large import main, make_sounds, measure_fit
from trainer.data import load_dataset
from trainer.errors import TrainerError

SMALL = """
[scalogram]
window_s = 2.0
[denoise]
width = 8
depth = 1
epochs = 1
[codebook]
n_words = 8
[svm]
n_components = 4
[augment]
n_noisy = 1
n_noisy_classify = 1
speeds = []
max_windows_a_clip = 1
"""


def test_a_small_large_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "trainer.toml"
    config.write_text(SMALL, encoding="utf-8")
    main(["--out", str(tmp_path / "out"), "--clips", "15", "--classes", "3", "--config", str(config)])
    assert capsys.readouterr().out.startswith("15 clips of 3 classes: ")
    figures = json.loads((tmp_path / "out" / "large.json").read_text(encoding="utf-8"))
    assert (figures["clips"], figures["classes"]) == (15, 3)
    assert 0.1 < figures["peak_gib"] < 8
    assert (tmp_path / "out" / "run" / "metrics.json").is_file()


def test_sounds_have_classes_and_folds(tmp_path: Path) -> None:
    make_sounds(tmp_path / "sounds", n_clips=30, n_classes=3)
    dataset = load_dataset(tmp_path / "sounds")
    assert len(dataset.labels) == 3
    assert len(dataset.folds) == 5
    assert len({clip.sha256 for clip in dataset.clips}) == 30


def test_a_fit_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"a fit wanted\. Got exit code"):
        measure_fit(tmp_path / "nothing", tmp_path / "run", None)
