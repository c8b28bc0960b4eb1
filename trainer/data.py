"""A folder of class folders to labelled, hashed clips with folds.

    DIR/001 - Dog bark/1-100032-A.ogg   ->  Clip(label="dog_bark", fold=1, sha256=...)

Folds come from `DIR/folds.csv` (columns `file,fold`, the file relative to DIR); without one, from
names in the ESC form (`1-100032-A.ogg`, `1-100032-A-0.wav`) when every clip has one; otherwise each
class is dealt over five folds in the order of its clips' SHA-256. That depends on nothing but the
files' content, and identical files share a fold, so a copy never sits on both sides of a split.
Clips cut from one recording do not: write a `folds.csv` for those.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from edge.audio import SUFFIXES, read_audio
from edge.errors import AudioError
from edge.types import F32
from trainer.errors import DatasetError

__all__ = ["Clip", "Dataset", "check_trainable", "load_dataset", "read_clip", "slug"]

ESC_NAME = re.compile(r"(?P<fold>\d+)-\d+-[A-Z](-\d+)?")
N_HASH_FOLDS = 5
N_CLIPS_MIN = 2
"""Clips a class: one to fit on and one to hold out; with fewer no figure and no calibration is honest"""


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled sound file."""

    path: Path
    label: str
    fold: int
    """>= 1"""
    sha256: str
    """Of the file's bytes, 64 hex digits"""


@dataclass(frozen=True, slots=True)
class Dataset:
    """All clips of a folder, or those of some folds; every label stays, clips or none."""

    root: Path
    labels: tuple[str, ...]
    """Sorted"""
    clips: tuple[Clip, ...]
    """Sorted by path"""

    @property
    def sha256(self) -> str:
        """Identity of the data: relative paths and contents of the clips, 64 hex digits."""
        lines = sorted(f"{clip.path.relative_to(self.root).as_posix()}\0{clip.sha256}\n" for clip in self.clips)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that have clips, sorted."""
        return tuple(sorted({clip.fold for clip in self.clips}))

    def only_folds(self, folds: Iterable[int]) -> Dataset:
        """The clips of these folds.

        Raises
        ------
        DatasetError : a fold that no clip is in, or no fold at all
        """
        wanted = set(folds)
        if not wanted or not wanted <= set(self.folds):
            known = ", ".join(map(str, self.folds))
            got = ", ".join(map(str, sorted(wanted))) or "none"
            raise DatasetError(f"{self.root}: folds must be among {known}. Got {got} instead.")
        return replace(self, clips=tuple(clip for clip in self.clips if clip.fold in wanted))


def load_dataset(root: Path) -> Dataset:
    """Find, hash and check the clips of `root/class/*.{wav,flac,ogg,mp3}`; hidden files are skipped.

    Only the headers of the files are read here, so that one bad file is named before an hour of
    fitting; damage further in is found by `read_clip`.

    Raises
    ------
    DatasetError : the folder cannot be used; the sentence says what to change
    """
    root = Path(root)
    if not root.is_dir():
        got = "a file" if root.exists() else "nothing there"
        raise DatasetError(f"{root}: a folder of class folders wanted. Got {got} instead.")
    folders = class_folders(root)
    paths = {label: sounds_in(folder) for label, folder in folders.items()}
    for path in (path for found in paths.values() for path in found):
        check_header(path)
    clips = tuple(
        sorted(
            (
                Clip(path=path, label=label, fold=0, sha256=sha256_of(path))
                for label, found in paths.items()
                for path in found
            ),
            key=lambda clip: clip.path,
        )
    )
    folds = find_folds(root, clips)
    return Dataset(
        root=root,
        labels=tuple(sorted(folders)),
        clips=tuple(replace(clip, fold=folds[clip.path]) for clip in clips),
    )


def read_clip(clip: Clip, *, rate_hz: int) -> F32:
    """Samples (n_samples,) of a clip at `rate_hz`, mono, full scale = ±1.

    Raises
    ------
    DatasetError : the file is cut, damaged, or holds NaN
    """
    try:
        return read_audio(clip.path, rate_hz=rate_hz)
    except AudioError as error:
        raise DatasetError(str(error)) from error


def check_trainable(dataset: Dataset) -> None:
    """Refuse to fit on a selection in which some class has too few clips."""
    counts = Counter(clip.label for clip in dataset.clips)
    for label in dataset.labels:
        if counts[label] < N_CLIPS_MIN:
            folds = ", ".join(map(str, dataset.folds))
            raise DatasetError(
                f"{dataset.root}: class {label} must have at least {N_CLIPS_MIN} clips in folds {folds}. "
                f"Got {counts[label]} instead."
            )


def slug(folder_name: str) -> str:
    """`001 - Dog bark` -> `dog_bark`: lower case, words joined by `_`, the leading number gone."""
    plain = unicodedata.normalize("NFKD", folder_name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    named = re.sub(r"^\d+[\W_]+", "", plain)
    return "_".join(re.findall(r"[^\W_]+", named)) or "_".join(re.findall(r"[^\W_]+", plain))


def class_folders(root: Path) -> dict[str, Path]:
    """Slug to class folder, two at least."""
    found: dict[str, Path] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        label = slug(folder.name)
        if not label:
            raise DatasetError(f"{folder}: a class folder's name must hold a letter or digit. Got none instead.")
        if label in found:
            raise DatasetError(
                f"{root}: every class folder must give its own label. "
                f"Got {label} from both {found[label].name!r} and {folder.name!r} instead."
            )
        found[label] = folder
    if not found:
        raise DatasetError(f"{root}: class folders wanted (class/*.wav). Got a folder without sub-folders instead.")
    if len(found) == 1:
        raise DatasetError(f"{root}: at least two class folders wanted. Got only {next(iter(found))} instead.")
    return found


def sounds_in(folder: Path) -> list[Path]:
    """The sound files of one class folder, two at least."""
    paths = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if len(paths) < N_CLIPS_MIN:
        kinds = ", ".join(suffix.removeprefix(".") for suffix in SUFFIXES)
        raise DatasetError(
            f"{folder}: a class must have at least {N_CLIPS_MIN} clips ({kinds}): "
            f"one to fit on, one to hold out. Got {len(paths)} instead."
        )
    return paths


def check_header(path: Path) -> None:
    """Refuse a file that soundfile cannot open."""
    try:
        soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise DatasetError(f"{path}: a sound file wanted. Got: {error.error_string}") from error


def sha256_of(path: Path) -> str:
    """Of the file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_folds(root: Path, clips: tuple[Clip, ...]) -> dict[Path, int]:
    """Path to fold, from the best source there is."""
    table = root / "folds.csv"
    if table.is_file():
        return folds_from_table(table, {clip.path for clip in clips})
    matches = {clip.path: ESC_NAME.fullmatch(clip.path.stem) for clip in clips}
    named = {path: int(match["fold"]) for path, match in matches.items() if match is not None}
    if len(named) == len(clips):
        return named
    return folds_from_content(clips)


def folds_from_table(table: Path, paths: set[Path]) -> dict[Path, int]:
    """Read `folds.csv`; it must list every clip once, and nothing else."""
    folds: dict[Path, int] = {}
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not {"file", "fold"} <= set(reader.fieldnames or ()):
            raise DatasetError(f"{table}: columns file and fold wanted. Got {reader.fieldnames} instead.")
        for row in reader:
            path = table.parent / (row["file"] or "")
            fold = row["fold"] or ""
            if path not in paths:
                raise DatasetError(f"{table}: line {reader.line_num} must name a clip. Got {row['file']!r} instead.")
            if not (fold.strip().isdecimal() and int(fold) >= 1):
                raise DatasetError(f"{table}: line {reader.line_num}: fold must be >= 1. Got {fold!r} instead.")
            if path in folds:
                raise DatasetError(f"{table}: every clip once wanted. Got {row['file']!r} twice instead.")
            folds[path] = int(fold)
    unlisted = sorted(paths - set(folds))
    if unlisted:
        first = unlisted[0].relative_to(table.parent)
        raise DatasetError(f"{table}: every clip must be listed. Got {len(unlisted)} unlisted, first {first}.")
    return folds


def folds_from_content(clips: tuple[Clip, ...]) -> dict[Path, int]:
    """Deal each class over the folds in the order of its hashes; a hash keeps its first fold."""
    fold_of: dict[str, int] = {}
    for i_class, label in enumerate(sorted({clip.label for clip in clips})):
        new = sorted({clip.sha256 for clip in clips if clip.label == label} - set(fold_of))
        for i, digest in enumerate(new):
            # Each class starts at another fold, so that small classes do not all crowd into the first.
            fold_of[digest] = (i_class + i) % N_HASH_FOLDS + 1
    return {clip.path: fold_of[clip.sha256] for clip in clips}
