"""Programs of the host: found, or named with the way to get them; their failures in one sentence."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from edge.errors import ConfigError, EdgeError

__all__ = ["ToolError", "find", "outcome", "output"]

LAST_LINES = 8


class ToolError(EdgeError):
    """A program of the host, or one in the emulator, ended with an error."""


def find(program: str, *, package: str) -> str:
    """The program's path.

    Raises
    ------
    ConfigError : it is not installed
    """
    path = shutil.which(program)
    if path is None:
        raise ConfigError(f"{program} wanted (as root: apt-get install {package}). Got none.")
    return path


def outcome(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """How the command ends, whatever its exit code, and what it writes."""
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - fixed programs


def output(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> str:
    """What the command writes to stdout.

    Raises
    ------
    ToolError : it ended with another exit code than 0
    """
    done = outcome(command, env=env)
    if done.returncode != 0:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-LAST_LINES:])
        raise ToolError(f"{command[0]}: exit code 0 wanted. Got {done.returncode} instead:\n{last}")
    return done.stdout
