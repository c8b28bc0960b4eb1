"""What one window comes to: events, and for each rule the reason why it fired or did not."""

from __future__ import annotations

from dataclasses import dataclass

from edge.daemon.hop import Hop

__all__ = ["Decision", "Event", "Outcome"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something began, ended, or was odd."""

    event_type: str
    """detected, ended, suspicious, loud"""
    label: str | None
    start_s: float
    """Unix time at which the first window of it begins"""
    end_s: float
    """Unix time at which the latest window of it ends"""
    reason: str
    hop: Hop
    """The window that decided it"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule on one window."""

    events: tuple[Event, ...]
    reason: str
    """Why it fired, or what kept it from it"""


@dataclass(frozen=True, slots=True)
class Decision:
    """All rules on one window."""

    hop: Hop
    current: str | None
    """The label that is on after it"""
    detection: Outcome
    """detected, ended"""
    suspicious: Outcome
    loud: Outcome

    @property
    def events(self) -> tuple[Event, ...]:
        """In the order in which they are said."""
        return self.detection.events + self.suspicious.events + self.loud.events
