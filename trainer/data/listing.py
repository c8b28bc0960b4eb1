"""What a layout finds before a byte of sound is read: files, labels, and folds where it knows them."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import soundfile

from trainer.errors import DatasetError

__all__ = ["Layout", "Listed", "check_header", "fold_in", "inside", "rows_of", "sha256_of"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One sound file of a data set, not looked into yet."""

    path: Path
    label: str
    fold: int | None
    """>= 1; None where the layout knows of no folds"""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one data set lies on disk, as it was published."""

    name: str
    is_at: Callable[[Path], bool]
    """Whether a folder looks like this one, whole or damaged"""
    read: Callable[[Path, str | None], list[Listed]]
    """The files of a folder, in one of the variants; DatasetError if it is not what it looks like"""
    variants: tuple[str, ...] = ()
    """Other selections or folds of the same files, by the name that `--variant` takes"""


def rows_of(table: Path, columns: Collection[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file with exactly these columns, in any order; each with its place for an error's text.

    Raises
    ------
    DatasetError : other columns, a row of another length, an empty value, or no CSV
    """
    with table_errors(table), table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        if sorted(header) != sorted(columns):
            raise DatasetError(
                f"{table}: columns {', '.join(columns)} wanted. Got {', '.join(header) or 'none'} instead."
            )
        for values in filter(None, reader):
            where = f"{table}: line {reader.line_num}"
            if len(values) != len(header) or not all(values):
                raise DatasetError(f"{where}: {len(header)} values wanted. Got {','.join(values)!r} instead.")
            yield where, dict(zip(header, values, strict=True))


@contextmanager
def table_errors(table: Path) -> Iterator[None]:
    """What makes a table unreadable, in one sentence."""
    try:
        yield
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{table}: a CSV file in UTF-8 wanted. Got: {error}") from error


def fold_in(text: str, n_folds: int, where: str) -> int:
    """`3` -> 3; 1 to `n_folds`."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= n_folds):
        raise DatasetError(f"{where}: a fold from 1 to {n_folds} wanted. Got {text!r} instead.")
    return int(text)


def inside(folder: Path, name: str, where: str) -> Path:
    """The file of this plain name in the folder; it must be there."""
    path = folder / name
    if Path(name).name != name:
        raise DatasetError(f"{where}: a file name without folders wanted. Got {name!r} instead.")
    if not path.is_file():
        raise DatasetError(f"{where}: a file {path} wanted. Got none of that name.")
    return path


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
