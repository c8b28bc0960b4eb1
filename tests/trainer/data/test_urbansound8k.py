"""UrbanSound8K as it is published: ten folds of slices, any rate, one or two channels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edge.errors import ConfigError
from tests.trainer.layouts import write_urban
from trainer.data import layout_of, load_dataset, read_clip
from trainer.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_urban(tmp_path / "UrbanSound8K")


def edit(root: Path, old: str, new: str) -> None:
    table = root / "metadata/UrbanSound8K.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_rows_become_clips(root: Path) -> None:
    assert layout_of(root).name == "UrbanSound8K"
    dataset = load_dataset(root)
    assert dataset.labels == ("air_conditioner", "dog_bark", "siren")
    assert Counter((clip.label, clip.fold) for clip in dataset.clips) == {
        (label, fold): 2 for label in dataset.labels for fold in range(1, 11)
    }
    assert all(clip.path.parent.name == f"fold{clip.fold}" for clip in dataset.clips)


def test_slices_of_one_recording_share_a_fold(root: Path) -> None:
    folds: dict[str, set[int]] = {}
    for clip in load_dataset(root).clips:
        folds.setdefault(clip.path.name.split("-")[0], set()).add(clip.fold)
    assert all(len(found) == 1 for found in folds.values())


def test_lengths_and_rates_differ(root: Path) -> None:
    lengths = {
        clip.label: len(read_clip(clip, rate_hz=16_000))
        for clip in load_dataset(root).only_folds([1]).clips
        if clip.path.stem.endswith("-1")
    }
    assert lengths == pytest.approx({"air_conditioner": 64_000, "dog_bark": 5_120, "siren": 19_200}, abs=1)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("fsID,", "", "salience, fold, classID, class wanted. Got slice_file_name, start,"),
        (",1,0,air", ",11,0,air", "line 2: a fold from 1 to 10 wanted. Got '11' instead."),
        (",1,0,air", ",2,0,air", "line 2: a file "),
        (",0,air_conditioner", ",0,", "line 2: 8 values wanted. Got '177622-0-0-0.wav,177622,0.0,4.0,1,1,0,' instead."),
    ],
)
def test_damaged_table(root: Path, old: str, new: str, sentence: str) -> None:
    edit(root, old, new)
    with pytest.raises(DatasetError) as caught:
        load_dataset(root)
    assert sentence in str(caught.value)


def test_a_fold_that_was_not_unpacked(root: Path) -> None:
    (root / "audio/fold7").rename(root / "fold7")
    with pytest.raises(DatasetError, match=r"line \d+: a file .*/audio/fold7/177628-0-0-0\.wav wanted\. Got none"):
        load_dataset(root)


def test_has_no_variants(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"--variant: none wanted for .* \(UrbanSound8K\)\. Got esc10 instead\."):
        load_dataset(root, variant="esc10")
