"""Home Assistant's MQTT discovery: one retained message a source, and its removal.

The message is device-based (`homeassistant/device/<id>/config`): one device with four entities. What
was announced is kept in a file of the state folder, so that a source, or discovery itself, that is
gone from the configuration is removed from Home Assistant, too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

import edge
from edge.daemon.message import Message, Topics
from edge.daemon.report import HEARTBEAT_S

__all__ = ["EVENT_TYPES", "Announced", "announcement", "removal"]

log = logging.getLogger(__name__)

EVENT_TYPES = ("detected", "ended", "suspicious", "loud")
SUSPICION = "{{ (value_json.suspicion * 100) | round(1) if value_json.suspicion is number else None }}"
EXPIRE_S = round(3 * HEARTBEAT_S)
FILE = "discovery.json"


def announcement(prefix: str, topics: Topics, source: str, *, model: str) -> Message:
    """The device of one source, with its entities."""
    name = f"{topics.node}_{source}"
    state = topics.of_source(source, "state")

    def sensor(key: str, platform: str, **more: Any) -> dict[str, Any]:
        return {"p": platform, "unique_id": f"tympan_{name}_{key}", **more}

    config = {
        "dev": {
            "ids": [f"tympan_{name}"],
            "name": f"{topics.node} {source}",
            "mf": "Tympan",
            "mdl": model,
            "sw": edge.__version__,
        },
        "o": {"name": "tympan", "sw": edge.__version__},
        "availability": [{"topic": topics.of_node("status")}, {"topic": topics.of_source(source, "availability")}],
        "availability_mode": "all",
        "qos": 1,
        "cmps": {
            "sound": sensor(
                "sound",
                "sensor",
                name="Sound",
                state_topic=state,
                value_template="{{ value_json.label or value_json.reason or 'none' }}",
                json_attributes_topic=state,
                expire_after=EXPIRE_S,
            ),
            "suspicion": sensor(
                "suspicion",
                "sensor",
                name="Perturbation suspicion",
                state_topic=state,
                unit_of_measurement="%",
                state_class="measurement",
                value_template=SUSPICION,
                expire_after=EXPIRE_S,
            ),
            "suspicious": sensor(
                "suspicious",
                "binary_sensor",
                name="Suspicious audio",
                device_class="problem",
                state_topic=state,
                value_template="{{ 'ON' if value_json.suspicion_flag else 'OFF' }}",
                expire_after=EXPIRE_S,
            ),
            "detection": sensor(
                "detection",
                "event",
                name="Detection",
                state_topic=topics.of_source(source, "event"),
                event_types=list(EVENT_TYPES),
            ),
        },
    }
    payload = json.dumps(config, separators=(",", ":")).encode()
    return Message(f"{prefix}/device/{name}/config", payload, qos=1, retain=True)


def removal(topic: str) -> Message:
    """An empty retained payload: Home Assistant forgets the device."""
    return Message(topic, b"", qos=1, retain=True)


class Announced:
    """The topics that Home Assistant may know us by, across restarts."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE

    def read(self) -> set[str]:
        """As the last run left them; a file that cannot be read is none."""
        try:
            topics = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return set()
        good = isinstance(topics, list) and all(
            isinstance(topic, str) and topic.endswith("/config") for topic in topics
        )
        return set(topics) if good else set()

    def write(self, topics: Collection[str]) -> None:
        """Replace the file as a whole; a disk that refuses costs a removal later, nothing now."""
        if set(topics) == self.read():
            return
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps(sorted(topics)), encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            log.warning("%s: a list of what was announced wanted. Got: %s", self._path, error)
