"""`[mqtt]`: one broker, and how we prove to each other who we are."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigError
from edge.table import Table

__all__ = ["MqttConfig", "TlsConfig", "path_of", "read_mqtt"]

_ROOT = re.compile(r"[^/+#\s]+(?:/[^/+#\s]+)*")


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
    discovery: str | None = None
    """Home Assistant's discovery prefix, as a rule `homeassistant`; None announces nothing"""
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


def read_mqtt(table: Table | None) -> MqttConfig | None:
    """The table, or None where it is absent: no broker."""
    if table is None:
        return None
    default = MqttConfig()
    tls = _tls(table.table("tls"))
    config = MqttConfig(
        host=table.text("host", default.host) or default.host,
        port=table.integer("port", 1883 if tls is None else 8883, 1, 65535),
        root=table.text("root", default.root) or default.root,
        credentials_file=path_of(table, "credentials_file"),
        tls=tls,
        insecure=table.flag("insecure", default=default.insecure),
        discovery=table.text("discovery", None),
        keepalive_s=table.integer("keepalive_s", default.keepalive_s, 5, 3600),
        backoff_max_s=table.number("backoff_max_s", default.backoff_max_s, 0.1, 3600),
    )
    for key, topic in (("root", config.root), ("discovery", config.discovery)):
        if topic is not None and not _ROOT.fullmatch(topic):
            raise table.wrong(key, "must be topic levels without wildcards or white space", topic)
    if tls is None and not config.insecure and not _is_loopback(config.host):
        raise table.wrong(
            "host", "must be on this machine, unless there is a [mqtt.tls] or insecure = true", config.host
        )
    table.close()
    return config


def path_of(table: Table, key: str) -> Path | None:
    """A path, or None where it is absent."""
    value = table.text(key, None)
    return None if value is None else Path(value)


def _tls(table: Table | None) -> TlsConfig | None:
    if table is None:
        return None
    config = TlsConfig(ca=_file(table, "ca"), cert=_file(table, "cert"), key=_file(table, "key"))
    if (config.cert is None) != (config.key is None):
        raise table.wrong("cert", "and key must come together", "one of them")
    table.close()
    return config


def _file(table: Table, key: str) -> Path | None:
    path = path_of(table, key)
    if path is not None and not os.access(path, os.R_OK):
        raise table.wrong(key, "must be a readable file", str(path))
    return path


def _is_loopback(host: str) -> bool:
    """Names are not looked up: only `localhost` and literal loopback addresses are trusted to be local."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
