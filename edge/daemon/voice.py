"""Who the daemon speaks through, and the voices that print: verdicts, or why each window came to what it did."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from edge.config import SourceConfig
from edge.daemon.hop import Listener
from edge.daemon.infer import Inference
from edge.daemon.worker import Worker

__all__ = ["PrintVoice", "Voice"]


class Voice(Protocol):
    """What the daemon needs to speak."""

    def reporter(self, source: SourceConfig, *, patient: bool) -> Listener:
        """Who speaks for one source; asked for each before `start`."""

    def start(self, ended: SimpleQueue[str], *, patient: bool) -> list[Worker]:
        """Begin to speak; its threads."""

    def tick(self, inference: Inference) -> None:
        """Called about once a second."""

    def stop(self) -> None:
        """Say what is left to say."""


class PrintVoice:
    """One printing reporter a source, no broker, no thread."""

    def __init__(self, reporter_of: Callable[[SourceConfig], Listener]) -> None:
        self._reporter_of = reporter_of

    def reporter(self, source: SourceConfig, *, patient: bool) -> Listener:  # noqa: ARG002 - a pipe is always waited for
        """Prints."""
        return self._reporter_of(source)

    def start(self, ended: SimpleQueue[str], *, patient: bool) -> list[Worker]:  # noqa: ARG002 - needs no thread
        """Nothing to begin."""
        return []

    def tick(self, inference: Inference) -> None:
        """Nothing to say."""

    def stop(self) -> None:
        """Each line was flushed."""
