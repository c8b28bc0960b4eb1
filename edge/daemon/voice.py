"""Who the daemon speaks through, and the voices that print: verdicts, or why each window came to what it did."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

from edge.config import EdgeConfig, SourceConfig
from edge.daemon.commands import Command
from edge.daemon.hop import Listener
from edge.daemon.infer import Inference
from edge.daemon.worker import Worker

__all__ = ["PrintVoice", "Voice"]


class Voice(Protocol):
    """What the daemon needs to speak."""

    def reporter(self, source: SourceConfig, *, patient: bool) -> Listener:
        """Who speaks for one source; asked for each before `start`."""

    def start(self, ended: SimpleQueue[str | Command], *, patient: bool) -> list[Worker]:
        """Begin to speak; its threads. Commands that are heard go into `ended`."""

    def tick(self, inference: Inference) -> None:
        """Called about once a second."""

    def reconfigure(self, config: EdgeConfig) -> None:
        """Take new rules."""

    def snapshot(self, inference: Inference) -> dict[str, Any]:
        """The newest of everything."""

    def respond(self, command: Command, answer: dict[str, Any]) -> None:
        """Answer one who asked."""

    def stop(self) -> None:
        """Say what is left to say."""


class PrintVoice:
    """One printing reporter a source, no broker, no thread."""

    def __init__(self, reporter_of: Callable[[SourceConfig], Listener]) -> None:
        self._reporter_of = reporter_of

    def reporter(self, source: SourceConfig, *, patient: bool) -> Listener:  # noqa: ARG002 - a pipe is always waited for
        """Prints."""
        return self._reporter_of(source)

    def start(self, ended: SimpleQueue[str | Command], *, patient: bool) -> list[Worker]:  # noqa: ARG002 - needs no thread
        """Nothing to begin."""
        return []

    def tick(self, inference: Inference) -> None:
        """Nothing to say."""

    def reconfigure(self, config: EdgeConfig) -> None:
        """What is printed has no rules that change."""

    def snapshot(self, inference: Inference) -> dict[str, Any]:  # noqa: ARG002 - nobody can ask
        """Nothing is kept."""
        return {}

    def respond(self, command: Command, answer: dict[str, Any]) -> None:
        """Nobody can ask."""

    def stop(self) -> None:
        """Each line was flushed."""
