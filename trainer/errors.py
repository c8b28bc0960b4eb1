"""The errors of the trainer, below the edge's tree.

EdgeError
└── TrainerError                70
    ├── DatasetError            66   the folder of sounds cannot be used
    ├── ExportError             70   the bundle could not be made
    ├── AttackError             70   the attack could not be run
    └── TrainClipsError         65   figures were asked for clips that the bundle was fitted on
"""

from __future__ import annotations

from typing import ClassVar

from edge.errors import EdgeError

__all__ = ["AttackError", "DatasetError", "ExportError", "TrainClipsError", "TrainerError"]


class TrainerError(EdgeError):
    """Root of the trainer's errors."""


class DatasetError(TrainerError):
    """The folder of sounds cannot be used."""

    exit_code: ClassVar[int] = 66


class ExportError(TrainerError):
    """The bundle could not be made."""


class AttackError(TrainerError):
    """The attack could not be run."""


class TrainClipsError(TrainerError):
    """Figures were asked for clips that the bundle was fitted on."""

    exit_code: ClassVar[int] = 65
