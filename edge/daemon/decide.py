"""All rules of one source, window after window: labels, and two alarms that know nothing of labels.

- `suspicious`: the first flagged window after n unflagged ones;
- `loud`: the first window over the level after n windows under the release level.

Both keep the common cool-down, counted from their own last event.
"""

from __future__ import annotations

from edge.config import EventConfig
from edge.daemon.detect import Detection
from edge.daemon.events import Decision, Event, Outcome
from edge.daemon.hop import Hop

__all__ = ["Decider"]


class Decider:
    """Takes the windows of one source. `config` may be replaced between two of them: what is on stays on."""

    def __init__(self, config: EventConfig) -> None:
        self.config = config
        self._detection = Detection()
        self._suspicious = _Alarm("suspicious", "suspicion_p_under_threshold")
        self._loud = _Alarm("loud", "level_over_threshold")

    @property
    def current(self) -> str | None:
        """The label that is on."""
        return self._detection.current

    def push(self, hop: Hop) -> Decision:
        """Take one window."""
        config = self.config
        detection = self._detection.push(hop, config)
        level = hop.verdict.rms_dbfs
        return Decision(
            hop=hop,
            current=self._detection.current,
            detection=detection,
            suspicious=self._suspicious.push(
                hop, config, on=hop.flag is True, calm=hop.flag is not True, otherwise=_unflagged(hop)
            ),
            loud=self._loud.push(
                hop,
                config,
                on=level is not None and level >= config.loud_dbfs,
                calm=level is None or level < config.loud_release_dbfs,
                otherwise="digital_silence" if level is None else "level_under_threshold",
            ),
        )


class _Alarm:
    """Said once, and again only after n calm windows and the cool-down."""

    def __init__(self, kind: str, reason: str) -> None:
        self._kind, self._reason = kind, reason
        self._calm: int | None = None
        """Windows since it was last on; None: it never was"""
        self._said_s = float("-inf")
        """Capture time of its last event"""

    def push(self, hop: Hop, config: EventConfig, *, on: bool, calm: bool, otherwise: str) -> Outcome:
        rested = self._calm is None or self._calm >= config.rule.n
        if on and rested and hop.verdict.start_s < self._said_s + config.rule.cooldown_s:
            return Outcome((), "cooldown")  # what is still on when the cool-down is over is said then
        if on:
            self._calm = 0
        elif self._calm is not None:
            self._calm = self._calm + 1 if calm else 0
        if not on:
            return Outcome((), otherwise)
        if not rested:
            return Outcome((), "still_on")
        self._said_s = hop.verdict.start_s
        event = Event(self._kind, hop.verdict.label, hop.wall_s - hop.window_s, hop.wall_s, self._reason, hop)
        return Outcome((event,), self._reason)


def _unflagged(hop: Hop) -> str:
    if hop.verdict.suspicion_p is None:
        return "not_judged"
    return "calibration_too_small" if hop.flag is None else "suspicion_p_over_threshold"
