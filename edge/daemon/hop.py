"""One verdict with the circumstances it was reached in: what the inference thread hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge.daemon.level import Level
from edge.types import Verdict

__all__ = ["Hop", "Listener"]


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of one source."""

    verdict: Verdict
    wall_s: float
    """Unix time of the window's last sample"""
    window_s: float
    flag: bool | None
    """suspicion_flag"""
    latency_ms: float
    """From the arrival of the window's last block to the verdict"""
    lost_ms: float
    """Sound lost since the hop before"""


class Listener(Protocol):
    """Whoever speaks for a source."""

    def hop(self, hop: Hop) -> None:
        """A window was judged."""

    def level(self, level: Level, wall_s: float) -> None:
        """Ten seconds went by."""

    def available(self, online: bool) -> None:  # noqa: FBT001 - a callback with one value
        """The microphone came or went."""
