"""`[events]`: when verdicts become an event, for all labels and for one by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from edge.errors import ConfigError
from edge.table import Table

__all__ = ["MAX_N", "EventConfig", "LabelRule", "read_events"]

MAX_N = 60
"""Windows that a rule may look back"""
LOUD_HYSTERESIS_DB = 3.0
RELEASE = 0.8
"""Of min_confidence, where release_confidence is not given"""


@dataclass(frozen=True, slots=True)
class LabelRule:
    """When a label is detected, and when it has ended."""

    k: int = 3
    """Windows of the last n that must agree for `detected`"""
    n: int = 4
    """Windows without support after which a label has ended, too"""
    min_confidence: float = 0.5
    """Windows less sure than this do not count towards `detected`"""
    release_confidence: float = 0.4
    """A detected label stays on as long as windows give it at least this probability"""
    cooldown_s: float = 0.0
    """After `ended`, the same label is not detected again for so long"""


@dataclass(frozen=True, slots=True)
class EventConfig:
    """Every rule of a source."""

    rule: LabelRule = LabelRule()
    """For labels without one of their own; its n and cool-down hold for `loud` and `suspicious`, too"""
    labels: Mapping[str, LabelRule] = field(default_factory=lambda: MappingProxyType({}))
    """Rules of single labels"""
    loud_dbfs: float = -3.0
    """Window level that is `loud`, dB re a full-scale square wave"""
    loud_release_dbfs: float = -6.0
    """Window level under which it is over"""
    far_per_hour: float = 1.0
    """False alarms of `suspicion_flag` an hour on clean sound"""
    debug: bool = False
    """Publish for each window why it did or did not fire"""

    def rule_of(self, label: str) -> LabelRule:
        """The label's own rule, or the common one."""
        return self.labels.get(label, self.rule)

    def check_against(self, labels: Collection[str], *, hop_s: float) -> None:
        """What only the bundle knows.

        Raises
        ------
        ConfigError : a rule for a label that the bundle does not have, or more false alarms than windows
        """
        for label in self.labels:
            if label not in labels:
                known = ", ".join(sorted(labels))
                raise ConfigError(f"events.labels must name labels of the bundle ({known}). Got {label!r} instead.")
        most = 3600 / hop_s
        if self.far_per_hour > most:
            rule = f"must be at most the windows of an hour, {most:g}"
            raise ConfigError(f"events.far_per_hour {rule}. Got {self.far_per_hour:g} instead.")


def read_events(table: Table | None) -> EventConfig:
    """The table; the defaults where it is absent."""
    default = EventConfig()
    if table is None:
        return default
    rule = _rule(table, default.rule)
    own = table.table("labels")
    labels = {} if own is None else {label: _closed_rule(one, rule) for label, one in own.each()}
    loud_dbfs = table.number("loud_dbfs", default.loud_dbfs, -120, 0)
    config = EventConfig(
        rule=rule,
        labels=MappingProxyType(labels),
        loud_dbfs=loud_dbfs,
        loud_release_dbfs=table.number("loud_release_dbfs", loud_dbfs - LOUD_HYSTERESIS_DB, -140, loud_dbfs),
        far_per_hour=table.number("far_per_hour", default.far_per_hour, 1e-6, 3600),
        debug=table.flag("debug", default=default.debug),
    )
    table.close()
    return config


def _closed_rule(table: Table, common: LabelRule) -> LabelRule:
    rule = _rule(table, common)
    table.close()
    return rule


def _rule(table: Table, default: LabelRule) -> LabelRule:
    n = table.integer("n", default.n, 1, MAX_N)
    k = table.integer("k", min(default.k, n), 1, n)
    least = table.number("min_confidence", default.min_confidence, 0, 1)
    release = default.release_confidence if least == default.min_confidence else RELEASE * least
    return replace(
        default,
        k=k,
        n=n,
        min_confidence=least,
        release_confidence=table.number("release_confidence", release, 0, least),
        cooldown_s=table.number("cooldown_s", default.cooldown_s, 0, 86_400),
    )
