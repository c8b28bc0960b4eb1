"""The domain's values as the JSON objects of the MQTT contract, schema 1; additive changes only."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

import edge
from edge.config import LabelRule, SourceConfig
from edge.daemon.events import Decision, Event
from edge.daemon.hop import Hop
from edge.daemon.level import Level
from edge.daemon.outbox import Gap

if TYPE_CHECKING:
    from edge.bundle import Bundle

__all__ = ["SCHEMA", "Origin", "Wire", "encode", "iso"]

SCHEMA = 1
DIGITS = 6
"""Of a float on the wire: more than float32 carries near 1, less than repr's 17"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which device, program run and bundle a message comes from."""

    node: str
    boot_id: str
    bundle_name: str
    bundle_id: str


@dataclass(frozen=True, slots=True)
class Wire:
    """Writes objects for one origin."""

    origin: Origin

    def verdict(self, source: str, hop: Hop) -> dict[str, Any]:
        """One hop: on `verdict`, and a line of `--stdout`."""
        said = hop.verdict
        return {
            "schema": SCHEMA,
            "ts": iso(hop.wall_s),
            "source": source,
            "start_s": said.start_s,
            "label": said.label,
            "confidence": said.confidence,
            "suspicion": said.suspicion,
            "suspicion_p": said.suspicion_p,
            "suspicion_flag": hop.flag,
            "reason": said.reason,
            "best": said.best,
            "novelty": said.novelty,
            "rms_dbfs": said.rms_dbfs,
            "bundle": self.origin.bundle_id,
        }

    def state(self, source: str, hop: Hop, current: str | None) -> dict[str, Any]:
        """The current label: the detected one if there is one, else the window's own."""
        return {
            **self.verdict(source, hop),
            "detected": current,
            "scores": hop.verdict.scores,
            "clipped": hop.verdict.clipped,
            "node": self.origin.node,
            "boot_id": self.origin.boot_id,
        }

    def event(
        self, source: str, event: Event, *, event_id: str, seq: int, far_per_hour: float, clock_synced: bool | None
    ) -> dict[str, Any]:
        """One detection; `replayed` is turned on if it has to wait out an outage."""
        said = event.hop.verdict
        return {
            "schema": SCHEMA,
            "id": event_id,
            "event_type": event.event_type,
            "ts": iso(event.hop.wall_s),
            "start_ts": iso(event.start_s),
            "end_ts": iso(event.end_s),
            "node": self.origin.node,
            "source": source,
            "label": event.label,
            "confidence": said.scores.get(event.label, 0.0) if event.label is not None else 0.0,
            "scores": said.scores,
            "decision": "accepted",
            "reason": event.reason,
            "suspicion": said.suspicion,
            "suspicion_p": said.suspicion_p,
            "suspicion_flag": event.hop.flag,
            "far_per_hour": far_per_hour,
            "rms_dbfs": said.rms_dbfs,
            "clipped": said.clipped,
            "bundle": {"name": self.origin.bundle_name, "id": self.origin.bundle_id},
            "latency_ms": event.hop.latency_ms,
            "lost_ms": event.hop.lost_ms,
            "clock_synced": clock_synced,
            "boot_id": self.origin.boot_id,
            "seq": seq,
            "replayed": False,
        }

    def debug(self, source: str, decision: Decision, rule: LabelRule) -> dict[str, Any]:
        """Why one window did or did not fire; `rule` is that of its likeliest label."""
        said = decision.hop.verdict
        return {
            "schema": SCHEMA,
            "ts": iso(decision.hop.wall_s),
            "source": source,
            "start_s": said.start_s,
            "label": said.label,
            "best": said.best,
            "confidence": said.confidence,
            "scores": said.scores,
            "suspicion_p": said.suspicion_p,
            "rms_dbfs": said.rms_dbfs,
            "current": decision.current,
            "why": {
                "detected": decision.detection.reason,
                "suspicious": decision.suspicious.reason,
                "loud": decision.loud.reason,
            },
            "rule": asdict(rule),
            "events": [
                {"event_type": event.event_type, "label": event.label, "reason": event.reason}
                for event in decision.events
            ],
        }

    def level(self, source: str, level: Level, wall_s: float) -> dict[str, Any]:
        """Ten seconds of a source; digital silence is null."""
        return {
            "schema": SCHEMA,
            "ts": iso(wall_s),
            "source": source,
            "rms_dbfs": level.rms_dbfs,
            "peak_dbfs": level.peak_dbfs,
        }

    def info(
        self, bundle: Bundle, sources: Sequence[SourceConfig], previous: tuple[str, int] | None, gaps: Sequence[Gap]
    ) -> dict[str, Any]:
        """What runs here, and what a subscriber needs to prove that nothing was lost."""
        return {
            "schema": SCHEMA,
            "node": self.origin.node,
            "version": edge.__version__,
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "bundle": {"name": self.origin.bundle_name, "id": self.origin.bundle_id},
            "labels": list(bundle.labels),
            "rate_hz": bundle.rate_hz,
            "window_s": bundle.window_s,
            "hop_s": bundle.hop_s,
            "sources": [{"slug": source.slug, "device": source.device} for source in sources],
            "config_schema": SCHEMA,
            "boot_id": self.origin.boot_id,
            "previous": None if previous is None else {"boot_id": previous[0], "last_seq": previous[1]},
            "gaps": [asdict(gap) for gap in gaps],
        }


def encode(value: dict[str, Any]) -> bytes:
    """Compact UTF-8 JSON; a NaN is a bug, not a number on the wire."""
    return json.dumps(_rounded(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def iso(unix_s: float) -> str:
    """Unix time to `2026-01-02T03:04:05.678Z`."""
    stamp = datetime.fromtimestamp(unix_s, tz=UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, float) and math.isfinite(value):
        return round(value, DIGITS)
    return value
