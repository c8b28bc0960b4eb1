"""The errors of the edge, and the exit code that each one ends a command with.

    EdgeError                       70
    ├── ConfigError                 78   the operator must change something
    │   └── BundleError             65   the artifact is not what it says it is
    │       ├── SchemaError              a manifest this program cannot read
    │       ├── ChecksumError            bytes differ from the manifest
    │       └── ParityError              the golden replay differs on this machine
    ├── AudioError                  74   the supervisor restarts
    │   ├── DeviceNotFound
    │   └── CaptureDied
    ├── StageError                  70   this window is dropped and counted
    └── PublishError                69   retried with backoff, never fatal to the daemon

Every message is one sentence form: what was wanted, then what came. Bugs (TypeError,
AssertionError) are not part of this tree: they crash, and the supervisor restarts.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

__all__ = [
    "AudioError",
    "BundleError",
    "CaptureDied",
    "ChecksumError",
    "ConfigError",
    "DeviceNotFound",
    "EdgeError",
    "ParityError",
    "PublishError",
    "SchemaError",
    "StageError",
]


class EdgeError(Exception):
    """Root of every error that Tympan raises on purpose."""

    exit_code: ClassVar[int] = 70


class ConfigError(EdgeError):
    """The configuration, or a command's argument, is not usable."""

    exit_code: ClassVar[int] = 78


class BundleError(ConfigError):
    """The bundle is missing, cut, altered or made by a program we do not know."""

    exit_code: ClassVar[int] = 65


class SchemaError(BundleError):
    """The manifest does not have the form that this program reads."""


class ChecksumError(BundleError):
    """A file of the bundle is not the one that the manifest lists."""


class ParityError(BundleError):
    """The golden windows give other values on this machine than where the bundle was made."""


class AudioError(EdgeError):
    """Sound could not be read from a file, a pipe or a device."""

    exit_code: ClassVar[int] = 74


class DeviceNotFound(AudioError):
    """No capture device has the configured name."""


class CaptureDied(AudioError):
    """A capture stream stopped delivering blocks."""


class StageError(EdgeError):
    """A stage was given something it cannot process; the window is dropped and counted."""

    def __init__(self, stage: str, *, wanted: str, got: object) -> None:
        super().__init__(f"{stage}: {wanted}. Got {got} instead.")
        self.stage = stage
        self._again = partial(type(self), stage, wanted=wanted, got=str(got))

    def __reduce__(self) -> tuple[partial[StageError], tuple[()]]:
        """Made from parts, not from its sentence: without this it would not reach another process."""
        return self._again, ()


class PublishError(EdgeError):
    """A message did not reach the broker; it is kept and sent again."""

    exit_code: ClassVar[int] = 69
