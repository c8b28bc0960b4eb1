"""ESC-50 as it is published: its table, its folds, ESC-10 within it, and what is said when it is damaged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edge.errors import ConfigError
from tests.trainer.layouts import write_esc50
from trainer.data import layout_of, load_dataset
from trainer.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_esc50(tmp_path / "ESC-50-master")


def edit(root: Path, old: str, new: str) -> None:
    table = root / "meta/esc50.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_rows_become_clips(root: Path) -> None:
    assert layout_of(root).name == "ESC-50"
    dataset = load_dataset(root)
    assert dataset.labels == ("dog", "rain", "vacuum_cleaner")
    assert dataset.folds == (1, 2, 3, 4, 5)
    assert Counter((clip.label, clip.fold) for clip in dataset.clips) == {
        (label, fold): 2 for label in dataset.labels for fold in range(1, 6)
    }
    assert all(clip.fold == int(clip.path.name[0]) for clip in dataset.clips)


def test_esc10_is_a_variant(root: Path) -> None:
    dataset = load_dataset(root, variant="esc10")
    assert dataset.labels == ("dog", "rain")
    assert len(dataset.clips) == 20


def test_unknown_variant(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"--variant: one of esc10 wanted for .*\(ESC-50\)\. Got takes instead\."):
        load_dataset(root, variant="takes")


def test_the_users_folds_win(root: Path) -> None:
    names = sorted(path.relative_to(root).as_posix() for path in root.glob("audio/*.wav"))
    lines = ["file,fold", *(f"{name},{1 + i % 2}" for i, name in enumerate(names))]
    (root / "folds.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert load_dataset(root).folds == (1, 2)


def test_columns_in_another_order(root: Path) -> None:
    before = load_dataset(root)
    table = root / "meta/esc50.csv"
    rows = [line.split(",")[::-1] for line in table.read_text(encoding="utf-8").splitlines()]
    table.write_text("".join(",".join(row) + "\r\n" for row in rows), encoding="utf-8-sig")
    assert load_dataset(root) == before


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("filename,", "file,", "columns filename, fold, target, category, esc10, src_file, take wanted. Got file,"),
        ("take\n", "take,note\n", "src_file, take, note instead."),
        ("1-100042-A-0.wav,1,", "1-100042-A-0.wav,6,", "line 2: a fold from 1 to 5 wanted. Got '6' instead."),
        ("1-100042-A-0.wav,1,", "1-100042-A-0.wav,one,", "line 2: a fold from 1 to 5 wanted. Got 'one' instead."),
        ("1-100042-A-0.wav,1,", "1-100042-A-0.wav,²,", "line 2: a fold from 1 to 5 wanted. Got '²' instead."),
        ("1-100042-A-0.wav,1,", "1-100042-A-0.wav,,", "line 2: 7 values wanted. Got '1-100042-A-0.wav,,0,dog"),
        ("1-100042-A-0.wav,1,", "1-100042-A-0.wav,", "line 2: 7 values wanted. Got '1-100042-A-0.wav,0,dog"),
        ("dog,True", "dog,yes", "line 2: True or False under esc10 wanted. Got 'yes' instead."),
        ("1-100042-A-0.wav", "../1-100042-A-0.wav", "line 2: a file name without folders wanted. Got '../1-"),
        ("1-100042-A-0.wav", "1-100048-A-0.wav", "every clip once wanted. Got 1-100048-A-0.wav twice instead."),
        ("1-100042-A-0.wav", '"1-100042-A-0.wav', "a CSV file in UTF-8 wanted. Got: "),
    ],
)
def test_damaged_table(root: Path, old: str, new: str, sentence: str) -> None:
    edit(root, old, new)
    with pytest.raises(DatasetError) as caught:
        load_dataset(root)
    assert sentence in str(caught.value)


def test_table_in_another_encoding(root: Path) -> None:
    table = root / "meta/esc50.csv"
    table.write_bytes(table.read_bytes().replace(b"rain", b"r\xe9in"))
    with pytest.raises(DatasetError, match=r"esc50\.csv: a CSV file in UTF-8 wanted\. Got: 'utf-8' codec"):
        load_dataset(root)


def test_empty_table(root: Path) -> None:
    (root / "meta/esc50.csv").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"columns filename, .* wanted\. Got none instead"):
        load_dataset(root)


def test_missing_audio(root: Path) -> None:
    (root / "audio/1-100042-A-0.wav").unlink()
    with pytest.raises(DatasetError, match=r"line 2: a file .*/audio/1-100042-A-0\.wav wanted\. Got none of that name"):
        load_dataset(root)


def test_audio_that_is_no_sound(root: Path) -> None:
    (root / "audio/1-100042-A-0.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DatasetError, match=r"1-100042-A-0\.wav: a sound file wanted"):
        load_dataset(root)
