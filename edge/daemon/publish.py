"""The publish thread: the one owner of the connection to the broker.

Three kinds of message wait for it, each bounded: events in the outbox (sent once acknowledged,
replayed on `history` after an outage), the newest value of each retained topic (never replayed),
and the live stream (dropped when it is stale). A missing broker is an outage, never fatal.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable

from paho.mqtt.enums import MQTTProtocolVersion

from edge.config import MqttConfig
from edge.daemon.backoff import Backoff
from edge.daemon.delivery import Delivery
from edge.daemon.message import Message, Topics
from edge.daemon.outbox import Outbox
from edge.daemon.queues import DropOldest
from edge.daemon.session import ConnectionRefused, ProtocolUnsupported, Session
from edge.errors import PublishError

__all__ = ["Publisher"]

log = logging.getLogger(__name__)

STALE_S = 10.0
"""A live message older than this is not worth sending"""
FLUSH_S = 5.0
"""For the last messages on a clean stop"""
PATIENCE_S = 5.0
"""How long a file waits for a slow broker before it drops a verdict"""
TURN_S = 1.0


class Publisher:
    """Other threads call live, newest and wake; its own thread runs `run`."""

    def __init__(self, config: MqttConfig, topics: Topics, outbox: Outbox, *, live_messages: int) -> None:
        self._config = config
        self._topics = topics
        self._status_topic = topics.of_node("status")
        self._live: DropOldest[Message] = DropOldest(live_messages)
        self._newest: dict[str, Message] = {}
        self._dirty: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._again = threading.Event()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_write.setblocking(False)  # noqa: FBT003 - as the socket module has it
        self.connected = threading.Event()
        """The broker let us in, took our `online` and lets us read our commands"""
        self.on_command: Callable[[str, bytes], None] = lambda _name, _payload: None
        """Called in this thread with a command's name and bytes"""
        self._reads = [topics.of_node("cmd/#")]
        self.discovery = config.discovery
        self._home = None if config.discovery is None else f"{config.discovery}/status"
        if self._home is not None:
            self._reads.append(self._home)
        self._greeting: int | None = None
        """Number of the `online` of this connection until it is acknowledged"""
        self._readable = False
        self._backoff = Backoff(max_s=config.backoff_max_s)
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._outage: str | None = None
        self._delivery = Delivery(outbox, topics)
        self._sent: dict[int, str] = {}
        """Number of a message not yet acknowledged → its topic"""
        self._denied: dict[str, str] = {}
        """Topics that the broker does not let us write or read on this connection → its reason"""

    def live(self, message: Message, *, patient: bool = False) -> None:
        """Queue a message that is worth something only now."""
        wait = patient and self.connected.is_set()
        self._live.put(message, patience_s=PATIENCE_S if wait else 0.0)
        self.wake()

    def newest(self, message: Message) -> None:
        """Replace the value of a retained topic; sent now, and again on every connect."""
        with self._lock:
            self._newest[message.topic] = message
            self._dirty.add(message.topic)
        self.wake()

    def wake(self) -> None:
        """Something is there to send."""
        try:
            self._wake_write.send(b"!")
        except BlockingIOError:
            return  # the pipe is full of calls already: the thread will wake

    def replay(self) -> None:
        """Events of an earlier run have come to light: look through the outbox again."""
        self._again.set()
        self.wake()

    @property
    def dropped(self) -> int:
        """Live messages that were not sent."""
        return self._live.dropped

    @property
    def errors(self) -> list[str]:
        """What the operator must change, now: an outage, and what the broker denies."""
        outage = [] if self._outage is None else [self._outage]
        return [*outage, *(f"{topic}: {reason}" for topic, reason in sorted(self._denied.copy().items()))]

    def retained(self) -> dict[str, bytes]:
        """Newest value of every retained topic."""
        with self._lock:
            return {topic: message.payload for topic, message in self._newest.items()}

    def stop(self) -> None:
        """Flush, say goodbye, end the thread."""
        self._stop.set()
        self.wake()

    def close(self) -> None:
        """Give back what the threads shared, once all of them have ended."""
        self._wake_read.close()
        self._wake_write.close()

    def run(self) -> None:
        """The thread's work: connect, send, and after an outage begin again."""
        while not self._stop.is_set():
            session = self._connect()
            if session is None:
                continue
            try:
                while not self._stop.is_set():
                    self._send_waiting(session)
                    session.pump(self._delivery.wait_s(TURN_S), self._wake_read)
                    self._delivery.settle()
                self._farewell(session)
            except PublishError as error:
                self._lost(error)
            finally:
                self.connected.clear()
                session.abandon()

    def _connect(self) -> Session | None:
        will = self._status(b"offline")
        session = Session(self._config, client_id=f"tympan-{self._topics.node}", will=will, protocol=self._protocol)
        session.on_ack = self._acknowledged
        session.on_subscribed = self._subscribed
        session.on_message = self._received
        try:
            session.open()
        except PublishError as error:
            session.abandon()
            again = self._other_protocol(error)
            self._lost(error)
            if not again:
                self._stop.wait(self._backoff.wait_s())
            return None
        self._backoff.reset()
        log.info("mqtt: connected to %s:%d with %s", self._config.host, self._config.port, self._protocol.name)
        self._outage = None
        self._begin(session)
        return session

    def _begin(self, session: Session) -> None:
        """A new connection: online, the newest of everything; what the outbox holds waited out an outage."""
        self._sent.clear()
        self._denied.clear()
        self._delivery.begin()
        with self._lock:
            self._dirty = set(self._newest)
        self._readable = False
        session.subscribe(self._reads)
        self._greeting = self._send(session, self._status(b"online"))

    def _send_waiting(self, session: Session) -> None:
        while not session.congested and (message := self._changed()) is not None:
            self._send(session, message)
        if self._again.is_set():
            self._again.clear()
            self._delivery.again()
        for event, row in self._delivery.due():
            self._delivery.sent(self._send(session, event), row)
        while not session.congested and (live := self._live.get()) is not None:
            if live.created_s < time.monotonic() - STALE_S:
                self._live.drop()
            else:
                self._send(session, live)

    def _send(self, session: Session, message: Message) -> int:
        number = session.send(message)
        if message.qos:
            self._sent[number] = message.topic
        return number

    def _acknowledged(self, number: int, refused: str | None) -> None:
        topic = self._sent.pop(number, None)
        self._delivery.acknowledged(number, refused=refused is not None)
        if number == self._greeting:
            self._greeting = None
            self._welcome(refused is None)
        if refused is not None and topic is not None:
            self._deny(topic, "publish on", refused)

    def _subscribed(self, refused: dict[str, str]) -> None:
        for topic, reason in refused.items():
            self._deny(topic, "subscribe to", reason)
        self._readable = not refused
        self._welcome(not refused)

    def _welcome(self, granted: bool) -> None:  # noqa: FBT001 - the one thing it is told
        """Connected only when nothing of what every connection needs was denied."""
        if granted and self._readable and self._greeting is None and self._status_topic not in self._denied:
            self.connected.set()

    def _deny(self, topic: str, what: str, reason: str) -> None:
        """An error once a connection and topic, and in health as long as it lasts."""
        if topic not in self._denied:
            self._denied[topic] = reason
            log.error("mqtt: permission to %s %s wanted. Got: %s", what, topic, reason)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - as the session calls it
        if topic == self._home:
            if payload == b"online":
                with self._lock:
                    self._dirty |= {known for known in self._newest if known.startswith(f"{self._config.discovery}/")}
        elif retained:
            log.warning("%s: a command that is not retained wanted. Got an old one; ignored", topic)
        else:
            self.on_command(topic.removeprefix(self._reads[0][:-1]), payload)

    def _changed(self) -> Message | None:
        """One retained topic whose newest value was not sent yet."""
        with self._lock:
            return self._newest[self._dirty.pop()] if self._dirty else None

    def _farewell(self, session: Session) -> None:
        """Send everything, then `offline`, and wait for the acknowledgements, within a limit."""
        deadline = time.monotonic() + FLUSH_S
        self._send_waiting(session)
        while (self._sent or session.congested or len(self._live)) and time.monotonic() < deadline:
            session.pump(0.1, self._wake_read)
            self._send_waiting(session)
        self._send(session, self._status(b"offline"))
        while (self._sent or session.congested) and time.monotonic() < deadline + 1.0:
            session.pump(0.1, self._wake_read)
        session.close()

    def _status(self, payload: bytes) -> Message:
        return Message(self._status_topic, payload, qos=1, retain=True)

    def _other_protocol(self, error: PublishError) -> bool:
        """MQTT 5 first, 3.1.1 for a broker that refuses it; whether to try again at once."""
        if not isinstance(error, ProtocolUnsupported):
            return False
        five = self._protocol == MQTTProtocolVersion.MQTTv5
        self._protocol = MQTTProtocolVersion.MQTTv311 if five else MQTTProtocolVersion.MQTTv5
        return five

    def _lost(self, error: PublishError) -> None:
        """Log an outage once, not once an attempt; a refusal is an error that the operator must see."""
        reason = str(error)
        if reason == self._outage:
            return
        if isinstance(error, ConnectionRefused):
            log.error("%s; trying again", reason)
        elif self._outage is None:
            log.warning("%s; trying again, events are kept", reason)
        self._outage = reason
