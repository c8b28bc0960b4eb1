"""edge.toml to one frozen EdgeConfig: devices, broker, queues, thresholds and paths.

No numerics of the forward path are here: they all live in the bundle, so an operator cannot make
the device hear otherwise than the trainer did. `deploy/edge.toml.example` shows every key.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

from edge.config.broker import MqttConfig, TlsConfig, path_of, read_mqtt
from edge.config.events import EventConfig, LabelRule, read_events
from edge.config.inference import InferenceConfig, read_inference
from edge.table import Table, read_toml

__all__ = [
    "DecisionConfig",
    "EdgeConfig",
    "EventConfig",
    "InferenceConfig",
    "LabelRule",
    "MqttConfig",
    "SourceConfig",
    "TlsConfig",
    "slugify",
]

_SLUG = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
NODE_TOPICS = frozenset({"cmd", "health", "info", "response", "status"})


def slugify(text: str) -> str:
    """Any text to lower-case letters, digits and underscores; never empty."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One microphone."""

    slug: str
    """Its name in topics; outlives device renumbering"""
    device: str | None = None
    """Name or part of the name of the capture device; None is the system's default"""


@dataclass(frozen=True, slots=True)
class DecisionConfig:
    """What the device may refuse to name."""

    unknown: bool = True
    """A window that is like none of the classes gets no label; False gives it the nearest"""


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Everything an operator decides."""

    node: str = field(default_factory=lambda: slugify(socket.gethostname().partition(".")[0]))
    """Slug of this device"""
    bundle: Path | None = None
    state_dir: Path = Path("/var/lib/tympan")
    """Where the outbox lives"""
    mqtt: MqttConfig | None = None
    """None: no broker"""
    sources: tuple[SourceConfig, ...] = (SourceConfig("mic"),)
    decision: DecisionConfig = DecisionConfig()
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    events: EventConfig = field(default_factory=EventConfig)
    ring_s: float = 8.0
    """Sound kept for a late inference thread, seconds a source"""
    live_messages: int = 256
    """Verdicts and levels that wait for the broker; the oldest are dropped"""
    outbox_mb: float = 16.0
    """Events that wait for the broker, on disk; the oldest are dropped"""
    stall_s: float = 3.0
    """Seconds without a block after which a microphone is reopened"""
    verdict_interval_s: float = 0.0
    """Least time between two published verdicts of a source; 0 is every hop"""

    @staticmethod
    def load(path: Path) -> EdgeConfig:
        """Read and check a file; anything wrong or unknown is a ConfigError that names the key."""
        root = read_toml(path)
        default = EdgeConfig()
        config = EdgeConfig(
            node=_slug(root, "node", default.node),
            bundle=path_of(root, "bundle"),
            state_dir=path_of(root, "state_dir") or default.state_dir,
            mqtt=read_mqtt(root.table("mqtt")),
            sources=_sources(root) or default.sources,
            decision=_decision(root.table("decision")),
            inference=read_inference(root.table("inference")),
            events=read_events(root.table("events")),
            ring_s=root.number("ring_s", default.ring_s, 1, 60),
            live_messages=root.integer("live_messages", default.live_messages, 1, 100_000),
            outbox_mb=root.number("outbox_mb", default.outbox_mb, 0.1, 10_000),
            stall_s=root.number("stall_s", default.stall_s, 0.5, 600),
            verdict_interval_s=root.number("verdict_interval_s", default.verdict_interval_s, 0, 3600),
        )
        root.close()
        return config


def _sources(root: Table) -> tuple[SourceConfig, ...]:
    sources: list[SourceConfig] = []
    for table in root.tables("source"):
        source = SourceConfig(slug=_slug(table, "slug", ""), device=table.text("device", None))
        if not source.slug:
            raise table.wrong("slug", "must be given", None)
        if source.slug in NODE_TOPICS or source.slug in [other.slug for other in sources]:
            raise table.wrong("slug", "must be unique and not a topic of the node", source.slug)
        table.close()
        sources.append(source)
    return tuple(sources)


def _decision(table: Table | None) -> DecisionConfig:
    default = DecisionConfig()
    if table is None:
        return default
    config = DecisionConfig(unknown=table.flag("unknown", default=default.unknown))
    table.close()
    return config


def _slug(table: Table, key: str, default: str) -> str:
    value = table.text(key, None)
    if value is None:
        return default
    if not _SLUG.fullmatch(value):
        raise table.wrong(key, "must be a slug (lower-case letters, digits, _ and - between them)", value)
    return value
