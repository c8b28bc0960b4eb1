"""Verdicts to events: what changed, said once.

- `detected`: k of the last n windows agree on a label that is not the current one;
- `ended`: none of the last n windows has the current label, or another was detected;
- `suspicious`: the first flagged window after n unflagged ones;
- `loud`: the first window over the level after n windows under it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from edge.config import EventConfig
from edge.daemon.hop import Hop

__all__ = ["Event", "EventTracker"]


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


class EventTracker:
    """Remembers the last n windows of one source."""

    def __init__(self, config: EventConfig) -> None:
        self._config = config
        self._recent: deque[Hop] = deque(maxlen=config.n)
        self._current: str | None = None
        self._began_s = 0.0
        self._last_s = 0.0
        """Unix time at which the latest window with the current label ends"""
        self._calm = {"suspicious": config.n, "loud": config.n}
        """Windows since the alarm was last on"""

    @property
    def current(self) -> str | None:
        """The label that is on."""
        return self._current

    def push(self, hop: Hop) -> Iterator[Event]:
        """Take one window, give the events that it causes."""
        self._recent.append(hop)
        yield from self._labels(hop)
        level = hop.verdict.rms_dbfs
        yield from self._alarm("suspicious", hop, on=hop.flag is True, reason="suspicion_p_under_threshold")
        yield from self._alarm("loud", hop, on=level is not None and level >= self._config.loud_dbfs, reason="level")

    def _labels(self, hop: Hop) -> Iterator[Event]:
        label = self._vote(hop)
        if label is not None and label == self._current:
            self._last_s = hop.wall_s
            return
        votes = [recent for recent in self._recent if label is not None and self._vote(recent) == label]
        found = len(votes) >= self._config.k
        if self._current is not None and (found or self._current not in map(self._vote, self._recent)):
            reason = "other_label" if found else f"0_of_{self._config.n}_windows"
            yield Event("ended", self._current, self._began_s, self._last_s, reason, hop)
            self._current = None
        if found:
            self._current = label
            self._began_s, self._last_s = votes[0].wall_s - votes[0].window_s, hop.wall_s
            yield Event(
                "detected", label, self._began_s, self._last_s, f"{len(votes)}_of_{len(self._recent)}_windows", hop
            )

    def _alarm(self, kind: str, hop: Hop, *, on: bool, reason: str) -> Iterator[Event]:
        if on and self._calm[kind] >= self._config.n:
            yield Event(kind, hop.verdict.label, hop.wall_s - hop.window_s, hop.wall_s, reason, hop)
        self._calm[kind] = 0 if on else self._calm[kind] + 1

    def _vote(self, hop: Hop) -> str | None:
        sure = hop.verdict.confidence >= self._config.min_confidence
        return hop.verdict.label if sure else None
