"""What goes to standard output: a verdict a line, or a line on why a window did or did not fire."""

from __future__ import annotations

import sys
from typing import TextIO

from edge.config import EventConfig
from edge.daemon.decide import Decider
from edge.daemon.events import Decision
from edge.daemon.hop import Hop
from edge.daemon.level import Level
from edge.daemon.wire import Wire, encode

__all__ = ["ExplainPrinter", "VerdictPrinter"]


class VerdictPrinter:
    """Verdict objects as JSON lines, for pipes and eyes."""

    def __init__(self, source: str, wire: Wire, out: TextIO | None = None) -> None:
        self._source = source
        self._wire = wire
        self._out = out or sys.stdout

    def hop(self, hop: Hop) -> None:
        """One line a hop."""
        self._out.write(encode(self._wire.verdict(self._source, hop)).decode() + "\n")
        self._out.flush()

    def level(self, level: Level, wall_s: float) -> None:
        """Levels are in the verdicts already."""

    def available(self, online: bool) -> None:  # noqa: FBT001 - a callback with one value
        """The log says so."""


class ExplainPrinter:
    """For each window the rules' reasons: a table for eyes, or the objects of the `debug` topic."""

    def __init__(self, source: str, wire: Wire, config: EventConfig, *, as_json: bool) -> None:
        self._source = source
        self._wire = wire
        self._decider = Decider(config)
        self._as_json = as_json

    def hop(self, hop: Hop) -> None:
        """One line a window."""
        decision = self._decider.push(hop)
        if self._as_json:
            rule = self._decider.config.rule_of(hop.verdict.best or "")
            text = encode(self._wire.debug(self._source, decision, rule)).decode()
        else:
            text = _line(decision)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def level(self, level: Level, wall_s: float) -> None:
        """Levels are in the windows already."""

    def available(self, online: bool) -> None:  # noqa: FBT001 - a callback with one value
        """A file is always there."""


def _line(decision: Decision) -> str:
    said = decision.hop.verdict
    level = "silence" if said.rms_dbfs is None else f"{said.rms_dbfs:.1f} dBFS"
    heard = f"no label ({said.reason})" if said.label is None else f"{said.label} {said.confidence:.2f}"
    events = ", ".join(f"{event.event_type} {event.label or ''}".strip() for event in decision.events) or "-"
    rules = {"detected": decision.detection, "suspicious": decision.suspicious, "loud": decision.loud}
    why = "; ".join(f"{name}: {outcome.reason}" for name, outcome in rules.items())
    return f"{said.start_s:8.2f} s  {heard:<24} {level:>11}  on: {decision.current or '-':<16} {events:<24} {why}"
