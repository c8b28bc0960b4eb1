"""The errors of the trainer, below the edge's tree.

EdgeError
└── TrainerError                70
    ├── DatasetError            66   the folder of sounds cannot be used
    ├── ExportError             70   the bundle could not be made
    ├── AttackError             70   the attack could not be run
    ├── FetchError              69   a data set could not be downloaded
    ├── ArchiveError            65   what was downloaded is not what was published
    └── TrainClipsError         65   figures were asked for clips that the bundle was fitted on
"""

from __future__ import annotations

from typing import ClassVar

from edge.errors import EdgeError

__all__ = [
    "ArchiveError",
    "AttackError",
    "DatasetError",
    "ExportError",
    "FetchError",
    "TrainClipsError",
    "TrainerError",
]


class TrainerError(EdgeError):
    """Root of the trainer's errors."""


class DatasetError(TrainerError):
    """The folder of sounds cannot be used."""

    exit_code: ClassVar[int] = 66


class ExportError(TrainerError):
    """The bundle could not be made."""


class AttackError(TrainerError):
    """The attack could not be run."""


class FetchError(TrainerError):
    """A data set could not be downloaded."""

    exit_code: ClassVar[int] = 69


class ArchiveError(TrainerError):
    """What was downloaded is not what was published."""

    exit_code: ClassVar[int] = 65


class TrainClipsError(TrainerError):
    """Figures were asked for clips that the bundle was fitted on."""

    exit_code: ClassVar[int] = 65
