"""Folds where a layout has none of its own, or where `DIR/folds.csv` puts others in their place."""

from __future__ import annotations

import csv
from pathlib import Path

from trainer.data.dataset import Clip
from trainer.errors import DatasetError

__all__ = ["TABLE", "folds_from_content", "folds_from_table"]

TABLE = "folds.csv"
N_HASH_FOLDS = 5


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
