"""From windows to `detected` and `ended`: k of n, with hysteresis and cool-down, one rule a label.

- `detected`: k of the last n windows name the label with at least its `min_confidence`, it is not
  on already, and its cool-down is over;
- `ended`: none of the last n windows gives the label its `release_confidence`, or another was detected.
"""

from __future__ import annotations

from collections import deque

from edge.config import EventConfig
from edge.config.events import MAX_N
from edge.daemon.events import Event, Outcome
from edge.daemon.hop import Hop

__all__ = ["Detection"]


class Detection:
    """Remembers the latest windows of one source, and which label is on.

    Time is the capture clock's, so that a host clock that jumps neither shortens nor lengthens a
    cool-down; events carry wall time.
    """

    def __init__(self) -> None:
        self.current: str | None = None
        """The label that is on"""
        self._recent: deque[Hop] = deque(maxlen=MAX_N)
        self._began_s = 0.0
        self._last_s = 0.0
        """Unix time at which the latest window that supports the current label ends"""
        self._ended_s: dict[str, float] = {}
        """Label → capture time at which it ended"""

    def push(self, hop: Hop, config: EventConfig) -> Outcome:
        """Take one window."""
        self._recent.append(hop)
        label = hop.verdict.label
        if self.current is not None and _supports(hop, self.current, config):
            self._last_s = hop.wall_s
        if label is None:
            return self._or_end(hop, config, hop.verdict.reason or "no_label")
        if label == self.current:
            return self._or_end(hop, config, "still_on")
        rule = config.rule_of(label)
        if hop.verdict.confidence < rule.min_confidence:
            return self._or_end(hop, config, "under_min_confidence")
        window = list(self._recent)[-rule.n :]
        votes = [seen for seen in window if seen.verdict.label == label and _sure(seen, config)]
        count = f"{len(votes)}_of_{len(window)}_windows"
        if len(votes) < rule.k:
            return self._or_end(hop, config, count)
        if hop.verdict.start_s < self._ended_s.get(label, float("-inf")) + rule.cooldown_s:
            return self._or_end(hop, config, "cooldown")
        return Outcome((*self._end(hop, "other_label"), self._begin(label, votes, count)), count)

    def _or_end(self, hop: Hop, config: EventConfig, reason: str) -> Outcome:
        """Nothing is detected; what is on ends if nothing supports it any more."""
        if self.current is None:
            return Outcome((), reason)
        n = config.rule_of(self.current).n
        if any(_supports(seen, self.current, config) for seen in list(self._recent)[-n:]):
            return Outcome((), reason)
        return Outcome(self._end(hop, f"0_of_{n}_windows"), reason)

    def _begin(self, label: str, votes: list[Hop], reason: str) -> Event:
        first, hop = votes[0], votes[-1]
        self.current = label
        self._began_s, self._last_s = first.wall_s - first.window_s, hop.wall_s
        return Event("detected", label, self._began_s, self._last_s, reason, hop)

    def _end(self, hop: Hop, reason: str) -> tuple[Event, ...]:
        if self.current is None:
            return ()
        label, self.current = self.current, None
        self._ended_s[label] = hop.verdict.start_s
        return (Event("ended", label, self._began_s, self._last_s, reason, hop),)


def _sure(hop: Hop, config: EventConfig) -> bool:
    label = hop.verdict.label
    return label is not None and hop.verdict.confidence >= config.rule_of(label).min_confidence


def _supports(hop: Hop, label: str, config: EventConfig) -> bool:
    """An abstention supports nothing, however likely the label was."""
    named = hop.verdict.label is not None
    return named and hop.verdict.scores.get(label, 0.0) >= config.rule_of(label).release_confidence
