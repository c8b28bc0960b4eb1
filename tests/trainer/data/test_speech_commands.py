"""Speech Commands: two lists make three folds, noise is no word, and no voice is on two sides."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.trainer.layouts import write_speech_commands
from trainer.data import layout_of, load_dataset
from trainer.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_speech_commands(tmp_path / "speech_commands_v0.02")


def append(table: Path, line: str) -> None:
    table.write_text(f"{table.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")


def test_lists_become_folds(root: Path) -> None:
    assert layout_of(root).name == "Speech Commands"
    dataset = load_dataset(root)
    assert dataset.labels == ("down", "seven", "yes")
    assert Counter((clip.label, clip.fold) for clip in dataset.clips) == {
        (label, fold): 8 if fold == 1 else 4 for label in dataset.labels for fold in (1, 2, 3)
    }
    testing = (root / "testing_list.txt").read_text(encoding="utf-8").split()
    assert {clip.path.relative_to(root).as_posix() for clip in dataset.only_folds([3]).clips} == set(testing)


def test_no_speaker_is_on_two_sides(root: Path) -> None:
    folds: dict[str, set[int]] = {}
    for clip in load_dataset(root).clips:
        folds.setdefault(clip.path.name.split("_")[0], set()).add(clip.fold)
    assert all(len(found) == 1 for found in folds.values())


def test_a_speaker_on_two_sides_is_refused(root: Path) -> None:
    append(root / "testing_list.txt", "yes/0a7c2a8d_nohash_0.wav")
    with pytest.raises(DatasetError, match=r"every speaker in one fold wanted\. Got 0a7c2a8d in fold 3, and in fold 1"):
        load_dataset(root)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("yes/ffffffff_nohash_0.wav", "line 13: a clip word/file.wav wanted. Got 'yes/ffffffff_nohash_0.wav' instead."),
        ("_background_noise_/white_noise.wav", "line 13: a clip word/file.wav wanted. Got '_background_noise_/"),
        ("outside.wav", "line 13: a clip word/file.wav wanted. Got 'outside.wav' instead."),
        ("../outside.wav", "line 13: a clip word/file.wav wanted. Got '../outside.wav' instead."),
        ("down/0b7d2b8e_nohash_0.wav", "line 13: a clip in no list yet wanted. Got down/0b7d2b8e_nohash_0.wav again."),
    ],
)
def test_bad_line(root: Path, line: str, sentence: str) -> None:
    append(root / "testing_list.txt", line)
    with pytest.raises(DatasetError) as caught:
        load_dataset(root)
    assert sentence in str(caught.value)


def test_some_of_the_words(root: Path) -> None:
    shutil.rmtree(root / "seven")
    dataset = load_dataset(root)
    assert dataset.labels == ("down", "yes")
    assert Counter(clip.fold for clip in dataset.clips) == {1: 16, 2: 8, 3: 8}


@pytest.mark.parametrize("name", ["validation_list.txt", "testing_list.txt"])
def test_missing_list(root: Path, name: str) -> None:
    (root / name).unlink()
    with pytest.raises(DatasetError, match=rf"{name}: a list of word/file\.wav wanted\. Got: .*No such file"):
        load_dataset(root)


def test_missing_audio(root: Path) -> None:
    (root / "down/0b7d2b8e_nohash_1.wav").unlink()
    with pytest.raises(DatasetError, match=r"validation_list\.txt: line 2: a clip word/file\.wav wanted"):
        load_dataset(root)


def test_a_stray_recording(root: Path) -> None:
    (root / "yes/0a7c2a8d_nohash_0.wav").rename(root / "yes/mine.wav")
    with pytest.raises(DatasetError, match=r"mine\.wav: a name speaker_nohash_N\.wav wanted"):
        load_dataset(root)
