"""The Free Spoken Digit Dataset: a fold a speaker, or the published split by takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.layouts import SPEAKERS, write_fsdd
from trainer.data import layout_of, load_dataset, read_clip
from trainer.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fsdd(tmp_path / "free-spoken-digit-dataset-master", digits=range(3), n_takes=12)


def test_a_fold_is_a_speaker(root: Path) -> None:
    assert layout_of(root).name == "Free Spoken Digit Dataset"
    dataset = load_dataset(root)
    assert dataset.labels == ("0", "1", "2")
    assert len(dataset.clips) == 3 * 6 * 12
    assert {(clip.path.stem.split("_")[1], clip.fold) for clip in dataset.clips} == set(
        zip(SPEAKERS, range(1, 7), strict=True)
    )


def test_takes_are_the_published_split(root: Path) -> None:
    dataset = load_dataset(root, variant="takes")
    assert dataset.folds == (1, 2, 3)
    published_test = {path.name for path in root.glob("recordings/*.wav") if int(path.stem.split("_")[2]) <= 4}
    assert {clip.path.name for clip in dataset.only_folds([1]).clips} == published_test


def test_eight_kilohertz_are_read_at_the_bundles_rate(root: Path) -> None:
    clip = load_dataset(root).clips[0]
    assert len(read_clip(clip, rate_hz=16_000)) == pytest.approx(2 * len(read_clip(clip, rate_hz=8_000)), abs=2)


def test_a_stray_recording(root: Path) -> None:
    (root / "recordings/0_george_0.wav").rename(root / "recordings/zero_george.wav")
    with pytest.raises(DatasetError, match=r"zero_george\.wav: a name digit_speaker_take\.wav wanted"):
        load_dataset(root)


def test_one_digit_alone(tmp_path: Path) -> None:
    root = write_fsdd(tmp_path / "one", digits=[7])
    with pytest.raises(DatasetError, match=r"clips of at least two classes wanted\. Got 7 instead\."):
        load_dataset(root)


def test_a_class_called_recordings_is_a_class(tmp_path: Path) -> None:
    root = write_fsdd(tmp_path / "sounds", digits=range(2))
    for path in (root / "recordings").iterdir():
        path.rename(path.with_name(f"take {path.name}"))
    (root / "rain").mkdir()
    for path in sorted((root / "recordings").iterdir())[:3]:
        path.rename(root / "rain" / path.name)
    assert load_dataset(root).labels == ("rain", "recordings")
