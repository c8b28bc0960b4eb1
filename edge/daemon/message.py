"""One MQTT message, and the topics of a node."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ["Message", "Topics"]


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to send."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    created_s: float = field(default_factory=time.monotonic)
    """Monotonic"""


@dataclass(frozen=True, slots=True)
class Topics:
    """Names under `<root>/<node>/`."""

    root: str
    node: str

    def of_node(self, name: str) -> str:
        """status, info, health."""
        return f"{self.root}/{self.node}/{name}"

    def of_source(self, source: str, name: str) -> str:
        """availability, verdict, state, event, history, level."""
        return f"{self.root}/{self.node}/{source}/{name}"
