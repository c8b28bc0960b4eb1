"""Labelled, hashed clips with folds, wherever they came from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.audio import read_audio
from edge.errors import AudioError
from edge.types import F32
from trainer.errors import DatasetError

__all__ = ["N_CLIPS_MIN", "Clip", "Dataset", "check_trainable", "read_clip"]

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
