"""Speaking to a broker: outbox, publish thread, info and health."""

from __future__ import annotations

import json
import logging
import time
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from edge.config import EdgeConfig, MqttConfig, SourceConfig
from edge.daemon.commands import BadCommand, Command, read_command
from edge.daemon.discovery import Announced, announcement, removal
from edge.daemon.health import HealthMeter, p95
from edge.daemon.hop import Listener
from edge.daemon.infer import Inference
from edge.daemon.message import Message, Topics
from edge.daemon.outbox import Gap, Outbox
from edge.daemon.publish import Publisher
from edge.daemon.report import MqttReporter
from edge.daemon.wire import SCHEMA, Origin, Wire, encode, iso
from edge.daemon.worker import Worker

if TYPE_CHECKING:
    from edge.bundle import Bundle

__all__ = ["HEALTH_S", "BrokerVoice"]

log = logging.getLogger(__name__)

HEALTH_S = 60.0
"""Between two `health` messages"""
FIRST_CONNECT_S = 5.0
"""How long a file or pipe waits for the broker before it starts without it"""
WAITING_COMMANDS = 16
MAX_NAME = 64
FAREWELL_S = 15.0
"""For the publish thread to flush and end; longer than its own limits"""


class BrokerVoice:
    """MQTT: outbox, publish thread, info and health."""

    def __init__(self, config: EdgeConfig, mqtt: MqttConfig, bundle: Bundle) -> None:
        mqtt.credentials()  # a file that is not there is a ConfigError now, an outage later
        self._config = config
        self._bundle = bundle
        self._topics = Topics(mqtt.root, config.node)
        self._outbox = Outbox(config.state_dir / "outbox.sqlite", max_bytes=round(config.outbox_mb * 1e6))
        self._publisher = Publisher(mqtt, self._topics, self._outbox, live_messages=config.live_messages)
        self._wire = Wire(Origin(config.node, self._outbox.boot_id, bundle.name, bundle.id))
        self._sources: list[SourceConfig] = []
        self._reporters: list[MqttReporter] = []
        self._meter = HealthMeter(config.state_dir)
        self._health_s = float("-inf")
        self._worker: Worker | None = None
        self._gaps: list[Gap] = []
        self._announced = Announced(config.state_dir)
        self._devices: set[str] = set()
        """Topics by which Home Assistant is to know us"""

    def reporter(self, source: SourceConfig, *, patient: bool) -> Listener:
        """Speaks for one source on its topics."""
        reporter = MqttReporter(
            source.slug,
            wire=self._wire,
            topics=self._topics,
            sender=self._publisher,
            outbox=self._outbox,
            config=self._config.events,
            verdict_interval_s=self._config.verdict_interval_s,
            patient=patient,
        )
        self._sources.append(source)
        self._reporters.append(reporter)
        return reporter

    def start(self, ended: SimpleQueue[str | Command], *, patient: bool) -> list[Worker]:
        """Say what runs here, and start to connect; a file gives the broker a moment, a microphone does not."""
        self._inform()
        self._announce()
        self._publisher.on_command = partial(self._heard, ended)
        self._worker = Worker("publish", self._publisher.run, ended=ended)
        self._worker.start()
        if patient and not self._publisher.connected.wait(FIRST_CONNECT_S):
            log.warning("mqtt: no connection in %g s; starting without", FIRST_CONNECT_S)
        return [self._worker]

    def tick(self, inference: Inference) -> None:
        """The gap of a full outbox when there is a new one; health, at the start and every minute."""
        if self._outbox.gaps() != self._gaps:
            self._inform()
        if self._publisher.connected.is_set():
            self._announced.write(self._devices)
        if time.monotonic() - self._health_s >= HEALTH_S:
            self._health(inference)

    def reconfigure(self, config: EdgeConfig) -> None:
        """Every source, from its next window on."""
        for reporter in self._reporters:
            reporter.reconfigure(config.events, config.verdict_interval_s)

    def snapshot(self, inference: Inference) -> dict[str, Any]:
        """The newest value of every retained topic, with a health of now."""
        self._health(inference)
        mine = self._topics.of_node("")
        return {
            topic.removeprefix(mine): json.loads(payload) if payload[:1] == b"{" else payload.decode()
            for topic, payload in self._publisher.retained().items()
            if topic.startswith(mine)
        }

    def respond(self, command: Command, answer: dict[str, Any]) -> None:
        """On the command's `response` topic."""
        self._respond(command.name, command.transaction, answer)

    def stop(self) -> None:
        """Every microphone offline, the node offline, the outbox closed."""
        for reporter in self._reporters:
            reporter.available(online=False)
        self._publisher.stop()
        if self._worker is not None:
            self._worker.join(FAREWELL_S)
        self._publisher.close()
        self._outbox.close()

    def _heard(self, ended: SimpleQueue[str | Command], name: str, payload: bytes) -> None:
        """In the publish thread: what is no command is answered here, the others are for the main thread."""
        try:
            command = read_command(name, payload)
        except BadCommand as error:
            self._respond(name, error.transaction, {"status": "error", "reason": error.reason, "detail": error.detail})
            return
        if ended.qsize() >= WAITING_COMMANDS:
            self._respond(name, command.transaction, {"status": "error", "reason": "busy"})
        else:
            ended.put(command)

    def _respond(self, name: str, transaction: str | None, answer: dict[str, Any]) -> None:
        value = {"schema": SCHEMA, "ts": iso(time.time()), "command": name, "transaction": transaction, **answer}
        level = name if name.isidentifier() and len(name) <= MAX_NAME else "unknown"
        self._publisher.live(Message(self._topics.of_node(f"response/{level}"), encode(value), qos=1, retain=False))

    def _announce(self) -> None:
        """To Home Assistant: what there is, and what there is no more."""
        prefix = self._publisher.discovery
        messages = []
        if prefix is not None:
            messages = [
                announcement(prefix, self._topics, source.slug, model=self._bundle.name) for source in self._sources
            ]
        self._devices = {message.topic for message in messages}
        before = self._announced.read()
        for message in [*messages, *map(removal, sorted(before - self._devices))]:
            self._publisher.newest(message)
        self._announced.write(before | self._devices)

    def _health(self, inference: Inference) -> None:
        self._health_s = time.monotonic()
        if self._outbox.back_to_disk():
            self._publisher.replay()
            self._inform()
        took_s = p95(tuple(inference.took_s))
        self._newest(
            "health",
            {
                "ts": iso(time.time()),
                **self._meter.read(),
                "rtf_p95": None if took_s is None else took_s / self._bundle.hop_s,
                "latency_ms_p95": p95(tuple(inference.latency_ms)),
                "lost_ms": inference.lost_ms(),
                "dropped_windows": inference.dropped_windows,
                "dropped_messages": self._publisher.dropped,
                "dropped_events": self._outbox.dropped + sum(reporter.lost_events for reporter in self._reporters),
                "mqtt_errors": self._publisher.errors,
                "outbox": len(self._outbox),
                "outbox_in_memory": self._outbox.refusal,
                "outbox_set_aside": self._outbox.set_aside,
            },
        )

    def _inform(self) -> None:
        self._gaps = self._outbox.gaps()
        self._newest("info", self._wire.info(self._bundle, self._sources, self._outbox.previous, self._gaps))

    def _newest(self, name: str, value: dict[str, object]) -> None:
        payload = encode({"schema": SCHEMA, **value})
        self._publisher.newest(Message(self._topics.of_node(name), payload, qos=1, retain=True))
