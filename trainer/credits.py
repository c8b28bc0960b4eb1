"""Who made the sounds, and under which licence: `DIR/credits.csv`, where a data set has one."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from edge.errors import ConfigError
from trainer.data import Dataset
from trainer.errors import DatasetError

__all__ = ["Credit", "read_credits", "without_licences"]

FILE_NAME = "credits.csv"
COLUMNS = {"file", "source_url", "author", "licence"}


@dataclass(frozen=True, slots=True)
class Credit:
    """The maker of one clip."""

    file: str
    """Name of the file, unique in the data set"""
    author: str
    licence: str
    source_url: str


def read_credits(root: Path) -> dict[str, Credit]:
    """File name → credit; empty where there is no `credits.csv`.

    Raises
    ------
    DatasetError : a column is missing
    """
    path = root / FILE_NAME
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = COLUMNS - set(rows.fieldnames or ())
        if missing:
            raise DatasetError(f"{path}: columns {', '.join(sorted(COLUMNS))} wanted. Got none named {min(missing)}.")
        return {row["file"]: Credit(row["file"], row["author"], row["licence"], row["source_url"]) for row in rows}


def without_licences(dataset: Dataset, licences: Collection[str]) -> Dataset:
    """The clips under other licences.

    Raises
    ------
    ConfigError : no clip is under one of these licences, so a spelling would pass for a choice
    """
    if not licences:
        return dataset
    credits_of = read_credits(dataset.root)
    known = {credit.licence for credit in credits_of.values()}
    for licence in licences:
        if licence not in known:
            raise ConfigError(f"--without-licence must be one of {', '.join(sorted(known))}. Got {licence} instead.")
    kept = tuple(
        clip
        for clip in dataset.clips
        if clip.path.name not in credits_of or credits_of[clip.path.name].licence not in licences
    )
    return replace(dataset, clips=kept)
