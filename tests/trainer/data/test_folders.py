"""Folders to data sets: what is found, where folds come from, what is refused and how."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.data import check_trainable, load_dataset, read_clip, slug
from trainer.errors import DatasetError

MakeDataset = Callable[..., Path]


def rename_out_of_esc(root: Path) -> None:
    for path in root.glob("*/*.wav"):
        path.rename(path.with_name(f"take {path.name}"))


def write_folds(root: Path, rows: list[tuple[str, object]], header: str = "file,fold") -> None:
    lines = [header, *(f"{name},{fold}" for name, fold in rows)]
    (root / "folds.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def all_files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.glob("*/*.wav"))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("001 - Dog bark", "dog_bark"),
        ("Rain", "rain"),
        ("12. Person  sneeze", "person_sneeze"),
        ("42", "42"),
        ("3d_printer", "3d_printer"),
        ("Ça va?", "ca_va"),
    ],
)
def test_slug(name: str, label: str) -> None:
    assert slug(name) == label


class TestWhatIsFound:
    def test_labels_clips_and_folds(self, make_dataset: MakeDataset) -> None:
        dataset = load_dataset(make_dataset())
        assert dataset.labels == ("high_tone", "low_tone")
        assert Counter(clip.label for clip in dataset.clips) == {"high_tone": 4, "low_tone": 4}
        assert dataset.folds == (1, 2, 3, 4)
        assert all(clip.fold == int(clip.path.name[0]) for clip in dataset.clips)

    def test_suffixes_in_any_case_and_hidden_files_skipped(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        first = next(root.glob("*/1-*.wav"))
        first.rename(first.with_suffix(".WAV"))
        (first.parent / ".1-9-A.wav").write_bytes(b"not sound")
        (first.parent / "notes.txt").write_text("not sound")
        (root / ".cache").mkdir()
        assert len(load_dataset(root).clips) == 8

    def test_two_readings_are_equal_and_content_changes_the_hash(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        before = load_dataset(root)
        assert load_dataset(root) == before
        soundfile.write(before.clips[0].path, np.full(4000, 0.1), 16_000)
        assert load_dataset(root).sha256 != before.sha256

    def test_hash_does_not_depend_on_where_the_folder_is(self, make_dataset: MakeDataset, tmp_path: Path) -> None:
        root = make_dataset()
        shutil.copytree(root, tmp_path / "elsewhere")
        assert load_dataset(tmp_path / "elsewhere").sha256 == load_dataset(root).sha256

    def test_only_folds(self, make_dataset: MakeDataset) -> None:
        dataset = load_dataset(make_dataset())
        part = dataset.only_folds([2, 3])
        assert part.folds == (2, 3)
        assert part.labels == dataset.labels
        assert part.sha256 != dataset.sha256
        with pytest.raises(DatasetError, match=r"folds must be among 1, 2, 3, 4\. Got 7 instead\."):
            dataset.only_folds([7])

    def test_fitting_wants_every_class(self, make_dataset: MakeDataset) -> None:
        dataset = load_dataset(make_dataset())
        check_trainable(dataset)
        with pytest.raises(DatasetError, match="class high_tone must have at least 2 clips in folds 1"):
            check_trainable(dataset.only_folds([1]))


class TestFoldsFromContent:
    def test_stratified_and_deterministic(self, make_dataset: MakeDataset) -> None:
        root = make_dataset(n_per_fold=5)
        rename_out_of_esc(root)
        dataset = load_dataset(root)
        for label in dataset.labels:
            sizes = Counter(clip.fold for clip in dataset.clips if clip.label == label)
            assert sizes == {1: 4, 2: 4, 3: 4, 4: 4, 5: 4}
        assert load_dataset(root) == dataset

    def test_names_do_not_matter(self, make_dataset: MakeDataset) -> None:
        root = make_dataset(n_per_fold=3)
        rename_out_of_esc(root)
        before = {clip.sha256: clip.fold for clip in load_dataset(root).clips}
        for i, path in enumerate(sorted(root.glob("*/*.wav"), reverse=True)):
            path.rename(path.with_name(f"{i:03d}.wav"))
        assert {clip.sha256: clip.fold for clip in load_dataset(root).clips} == before

    def test_copies_share_a_fold(self, make_dataset: MakeDataset) -> None:
        root = make_dataset(n_per_fold=3)
        rename_out_of_esc(root)
        for path in list(root.glob("*/*.wav")):
            shutil.copy(path, path.with_name(f"copy of {path.name}"))
        folds: dict[str, set[int]] = {}
        for clip in load_dataset(root).clips:
            folds.setdefault(clip.sha256, set()).add(clip.fold)
        assert all(len(found) == 1 for found in folds.values())


class TestFoldsFromTable:
    def test_table_wins_over_names(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        write_folds(root, [(name, 9 if "Low" in name else 8) for name in all_files(root)])
        assert {(clip.label, clip.fold) for clip in load_dataset(root).clips} == {("low_tone", 9), ("high_tone", 8)}

    def test_missing_row(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        write_folds(root, [(name, 1) for name in all_files(root)[1:]])
        with pytest.raises(DatasetError, match=r"every clip must be listed\. Got 1 unlisted, first 001"):
            load_dataset(root)

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            (("001 - Low tone/none.wav", 1), "must name a clip. Got '001 - Low tone/none.wav' instead."),
            (("../outside.wav", 1), "must name a clip."),
            (("001 - Low tone/1-10-A.wav", "one"), "fold must be >= 1. Got 'one' instead."),
            (("001 - Low tone/1-10-A.wav", 0), "fold must be >= 1. Got '0' instead."),
        ],
    )
    def test_bad_row(self, make_dataset: MakeDataset, row: tuple[str, object], sentence: str) -> None:
        root = make_dataset()
        write_folds(root, [row])
        with pytest.raises(DatasetError) as caught:
            load_dataset(root)
        assert sentence in str(caught.value)

    def test_twice(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        name = all_files(root)[0]
        write_folds(root, [(name, 1), (name, 2)])
        with pytest.raises(DatasetError, match="twice"):
            load_dataset(root)

    def test_wrong_columns(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        write_folds(root, [], header="path,split")
        with pytest.raises(DatasetError, match="columns file and fold wanted"):
            load_dataset(root)


class TestRefused:
    def test_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"a folder of class folders wanted\. Got nothing there instead\."):
            load_dataset(tmp_path / "none")

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "sounds").write_text("")
        with pytest.raises(DatasetError, match="Got a file instead"):
            load_dataset(tmp_path / "sounds")

    def test_no_class_folders(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match="Got a folder without sub-folders instead"):
            load_dataset(tmp_path)

    def test_one_class(self, make_dataset: MakeDataset) -> None:
        with pytest.raises(DatasetError, match="two class folders wanted"):
            load_dataset(make_dataset(("Low tone",)))

    @pytest.mark.parametrize("n_left", [0, 1])
    def test_too_few_clips_in_a_class(self, make_dataset: MakeDataset, n_left: int) -> None:
        root = make_dataset()
        for path in sorted((root / "001 - Low tone").iterdir())[n_left:]:
            path.unlink()
        with pytest.raises(DatasetError, match=f"001 - Low tone: a class must have at least 2 clips.*Got {n_left} ins"):
            load_dataset(root)

    def test_same_slug_twice(self, make_dataset: MakeDataset) -> None:
        root = make_dataset(("001 - Rain", "002 - rain"))
        with pytest.raises(DatasetError, match="Got rain from both '001 - Rain' and '002 - rain' instead"):
            load_dataset(root)

    @pytest.mark.parametrize("content", [b"", b"these are words, not sound"])
    def test_not_sound(self, make_dataset: MakeDataset, content: bytes) -> None:
        root = make_dataset()
        (root / "001 - Low tone" / "1-99-A.ogg").write_bytes(content)
        with pytest.raises(DatasetError, match=r"1-99-A\.ogg: a sound file wanted"):
            load_dataset(root)

    def test_damage_behind_the_header(self, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        path = next(root.glob("*/1-*.wav"))
        soundfile.write(path, np.full(1000, np.nan), 16_000, subtype="FLOAT")
        clip = next(clip for clip in load_dataset(root).clips if clip.path == path)
        with pytest.raises(DatasetError, match="finite samples wanted"):
            read_clip(clip, rate_hz=16_000)
