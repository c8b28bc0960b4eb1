"""Any edge.toml at all: a configuration, or one sentence that names the key. Never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.config import EdgeConfig
from edge.errors import ConfigError

KEYS = [
    "node",
    "bundle",
    "state_dir",
    "mqtt",
    "source",
    "decision",
    "events",
    "ring_s",
    "live_messages",
    "outbox_mb",
    "stall_s",
    "verdict_interval_s",
    "host",
    "port",
    "root",
    "credentials_file",
    "tls",
    "ca",
    "cert",
    "key",
    "insecure",
    "keepalive_s",
    "backoff_max_s",
    "discovery",
    "slug",
    "device",
    "unknown",
    "k",
    "n",
    "min_confidence",
    "release_confidence",
    "cooldown_s",
    "loud_dbfs",
    "loud_release_dbfs",
    "far_per_hour",
    "debug",
    "labels",
    "rain",
]

keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=6))
scalars = st.one_of(
    st.integers(-10, 100_000),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(max_size=12),
    st.sampled_from(["shed", "localhost", "/tmp", "a/#", "$HOME"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=12,
)


def toml(value: Any) -> str:
    """As inline TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return text(value)
    written = repr(value)
    return written if isinstance(value, int) or not written[-1].isdigit() or "." in written else f"{float(value):.17f}"


def text(value: str) -> str:
    escaped = "".join(letter if letter.isalnum() and letter.isascii() else f"\\U{ord(letter):08x}" for letter in value)
    return f'"{escaped}"'


def outcome(content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edge.toml"
        path.write_bytes(content)
        try:
            EdgeConfig.load(path)
        except ConfigError as error:
            return str(error)
    return ""


@settings(max_examples=1600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, values, max_size=6))
def test_any_keys_and_values(table: dict[str, Any]) -> None:
    lines = "\n".join(f"{text(key)} = {toml(value)}" for key, value in table.items())
    said = outcome(lines.encode())
    assert said == "" or ("Got" in said and said.startswith(("edge.toml: ", "/")))


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    said = outcome(content)
    assert said == "" or "Got" in said
