"""What is said about a source, and when: the rhythm of the MQTT contract.

Time here is the capture clock's, so a file played fast says what it would have said in real time,
and a host clock that jumps disturbs no rhythm.
"""

from __future__ import annotations

import logging
from typing import Protocol

from edge.config import EventConfig
from edge.daemon.decide import Decider
from edge.daemon.events import Event
from edge.daemon.health import clock_synced
from edge.daemon.hop import Hop
from edge.daemon.level import Level
from edge.daemon.message import Message, Topics
from edge.daemon.outbox import Outbox, Pending
from edge.daemon.ulid import ulid
from edge.daemon.wire import Wire, encode
from edge.errors import PublishError

__all__ = ["HEARTBEAT_S", "MqttReporter", "Sender"]

log = logging.getLogger(__name__)

HEARTBEAT_S = 30.0
"""Longest time between two `state` messages of a source that is heard"""


class Sender(Protocol):
    """What a reporter needs of the publisher."""

    def live(self, message: Message, *, patient: bool = False) -> None:
        """Worth something only now."""

    def newest(self, message: Message) -> None:
        """Retained; replaces the value before."""

    def wake(self) -> None:
        """An event is in the outbox."""


class MqttReporter:
    """Verdict every hop, state on change and as heartbeat, events through the outbox, level."""

    def __init__(
        self,
        source: str,
        *,
        wire: Wire,
        topics: Topics,
        sender: Sender,
        outbox: Outbox,
        config: EventConfig,
        verdict_interval_s: float,
        patient: bool,
    ) -> None:
        self._source = source
        self._wire = wire
        self._topics = topics
        self._sender = sender
        self._outbox = outbox
        self._decider = Decider(config)
        self._verdict_interval_s = verdict_interval_s
        self._patient = patient
        self._verdict_s = float("-inf")
        self._state_s = float("-inf")
        self._said: tuple[object, ...] = ()
        self.lost_events = 0
        """Events that the disk refused"""

    def hop(self, hop: Hop) -> None:
        """Say what one window gives rise to."""
        decision = self._decider.push(hop)
        for event in decision.events:
            self._event(event)
        config = self._decider.config
        if config.debug:
            payload = encode(self._wire.debug(self._source, decision, config.rule_of(hop.verdict.best or "")))
            self._sender.live(Message(self._topic("debug"), payload, qos=0, retain=False), patient=self._patient)
        at_s = hop.verdict.start_s
        if at_s - self._verdict_s >= self._verdict_interval_s:
            self._verdict_s = at_s
            payload = encode(self._wire.verdict(self._source, hop))
            self._sender.live(Message(self._topic("verdict"), payload, qos=0, retain=False), patient=self._patient)
        saying = (hop.verdict.label, hop.verdict.reason, hop.flag, decision.current)
        if saying != self._said or at_s - self._state_s >= HEARTBEAT_S:
            self._said, self._state_s = saying, at_s
            payload = encode(self._wire.state(self._source, hop, decision.current))
            self._sender.newest(Message(self._topic("state"), payload, qos=1, retain=True))

    def level(self, level: Level, wall_s: float) -> None:
        """Every ten seconds."""
        payload = encode(self._wire.level(self._source, level, wall_s))
        self._sender.live(Message(self._topic("level"), payload, qos=0, retain=False), patient=self._patient)

    def reconfigure(self, config: EventConfig, verdict_interval_s: float) -> None:
        """New rules from the next window on; what is on stays on."""
        self._decider.config = config
        self._verdict_interval_s = verdict_interval_s

    def available(self, online: bool) -> None:  # noqa: FBT001 - a callback with one value
        """The microphone came or went."""
        payload = b"online" if online else b"offline"
        self._sender.newest(Message(self._topic("availability"), payload, qos=1, retain=True))

    def _event(self, event: Event) -> None:
        def payload_of(seq: int) -> bytes:
            return encode(
                self._wire.event(
                    self._source,
                    event,
                    event_id=ulid(),
                    seq=seq,
                    far_per_hour=self._decider.config.far_per_hour,
                    clock_synced=clock_synced(),
                )
            )

        try:
            stored: Pending = self._outbox.put(self._source, payload_of)
        except PublishError as error:
            self.lost_events += 1
            log.error("%s: %s event lost: %s", self._source, event.event_type, error)  # noqa: TRY400 - no traceback
            return
        log.info("%s: %s %s (seq %d)", self._source, event.event_type, event.label, stored.seq)
        self._sender.wake()

    def _topic(self, name: str) -> str:
        return self._topics.of_source(self._source, name)
