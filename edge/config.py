"""edge.toml to one frozen EdgeConfig: devices, broker, queues, thresholds and paths.

No numerics of the forward path are here: they all live in the bundle, so an operator cannot make
the device hear otherwise than the trainer did. `deploy/edge.toml.example` shows every key.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import ConfigError
from edge.table import Table, read_toml

__all__ = ["DecisionConfig", "EdgeConfig", "EventConfig", "MqttConfig", "SourceConfig", "TlsConfig", "slugify"]

_SLUG = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_ROOT = re.compile(r"[^/+#\s]+(?:/[^/+#\s]+)*")


def slugify(text: str) -> str:
    """Any text to lower-case letters, digits and underscores; never empty."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """How the broker proves who it is, and how we do."""

    ca: Path | None = None
    """PEM bundle; None is the system's"""
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """One broker."""

    host: str = "localhost"
    port: int = 1883
    root: str = "tympan"
    """Prefix of every topic"""
    credentials_file: Path | None = None
    """One line, user:password; environment variables in the path are expanded"""
    tls: TlsConfig | None = None
    insecure: bool = False
    """Allow a plain connection to a broker that is not on loopback"""
    keepalive_s: int = 30
    backoff_max_s: float = 60.0
    """Longest wait between two attempts to connect"""

    def credentials(self) -> tuple[str, str] | None:
        """User and password, read at each connection so that a rotated file is picked up."""
        if self.credentials_file is None:
            return None
        path = Path(os.path.expandvars(self.credentials_file))
        try:
            user, colon, password = path.read_text(encoding="utf-8").strip().partition(":")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: a readable file with user:password wanted. Got: {error}") from error
        if not (user and colon):
            raise ConfigError(f"{path}: one line user:password wanted. Got no colon instead.")
        return user, password


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
class EventConfig:
    """When verdicts become an event."""

    k: int = 3
    """Windows of the last n that must agree for `detected`"""
    n: int = 4
    min_confidence: float = 0.5
    """Windows less sure than this do not count"""
    loud_dbfs: float = -3.0
    """Window level that is `loud`, dB re a full-scale square wave"""
    far_per_hour: float = 1.0
    """False alarms of `suspicion_flag` an hour on clean sound"""


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
    events: EventConfig = EventConfig()
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
            bundle=_path(root, "bundle"),
            state_dir=_path(root, "state_dir") or default.state_dir,
            mqtt=_mqtt(root.table("mqtt")),
            sources=_sources(root) or default.sources,
            decision=_decision(root.table("decision")),
            events=_events(root.table("events")),
            ring_s=root.number("ring_s", default.ring_s, 1, 60),
            live_messages=root.integer("live_messages", default.live_messages, 1, 100_000),
            outbox_mb=root.number("outbox_mb", default.outbox_mb, 0.1, 10_000),
            stall_s=root.number("stall_s", default.stall_s, 0.5, 600),
            verdict_interval_s=root.number("verdict_interval_s", default.verdict_interval_s, 0, 3600),
        )
        root.close()
        return config


def _mqtt(table: Table | None) -> MqttConfig | None:
    if table is None:
        return None
    default = MqttConfig()
    tls = _tls(table.table("tls"))
    config = MqttConfig(
        host=table.text("host", default.host) or default.host,
        port=table.integer("port", 1883 if tls is None else 8883, 1, 65535),
        root=table.text("root", default.root) or default.root,
        credentials_file=_path(table, "credentials_file"),
        tls=tls,
        insecure=table.flag("insecure", default=default.insecure),
        keepalive_s=table.integer("keepalive_s", default.keepalive_s, 5, 3600),
        backoff_max_s=table.number("backoff_max_s", default.backoff_max_s, 0.1, 3600),
    )
    if not _ROOT.fullmatch(config.root):
        raise table.wrong("root", "must be topic levels without wildcards or white space", config.root)
    if tls is None and not config.insecure and not _is_loopback(config.host):
        raise table.wrong(
            "host", "must be on this machine, unless there is a [mqtt.tls] or insecure = true", config.host
        )
    table.close()
    return config


def _tls(table: Table | None) -> TlsConfig | None:
    if table is None:
        return None
    config = TlsConfig(ca=_file(table, "ca"), cert=_file(table, "cert"), key=_file(table, "key"))
    if (config.cert is None) != (config.key is None):
        raise table.wrong("cert", "and key must come together", "one of them")
    table.close()
    return config


def _sources(root: Table) -> tuple[SourceConfig, ...]:
    sources: list[SourceConfig] = []
    for table in root.tables("source"):
        source = SourceConfig(slug=_slug(table, "slug", ""), device=table.text("device", None))
        if not source.slug:
            raise table.wrong("slug", "must be given", None)
        if source.slug in {"cmd", "health", "info", "response", "status", *(other.slug for other in sources)}:
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


def _events(table: Table | None) -> EventConfig:
    default = EventConfig()
    if table is None:
        return default
    n = table.integer("n", default.n, 1, 60)
    config = EventConfig(
        k=table.integer("k", min(default.k, n), 1, n),
        n=n,
        min_confidence=table.number("min_confidence", default.min_confidence, 0, 1),
        loud_dbfs=table.number("loud_dbfs", default.loud_dbfs, -120, 0),
        far_per_hour=table.number("far_per_hour", default.far_per_hour, 1e-6, 3600),
    )
    table.close()
    return config


def _slug(table: Table, key: str, default: str) -> str:
    value = table.text(key, None)
    if value is None:
        return default
    if not _SLUG.fullmatch(value):
        raise table.wrong(key, "must be a slug (lower-case letters, digits, _ and - between them)", value)
    return value


def _path(table: Table, key: str) -> Path | None:
    value = table.text(key, None)
    return None if value is None else Path(value)


def _file(table: Table, key: str) -> Path | None:
    path = _path(table, key)
    if path is not None and not os.access(path, os.R_OK):
        raise table.wrong(key, "must be a readable file", str(path))
    return path


def _is_loopback(host: str) -> bool:
    """Names are not looked up: only `localhost` and literal loopback addresses are trusted to be local."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
