"""One look at the way to the broker, stage by stage, so that an error names the stage it belongs to.

DNS, TCP, TLS, CONNECT, ACL (our topics may be written and read), round trip (a message through the
broker and back). It uses the daemon's own session and permissions, under another client id, so that
it can run beside the daemon.
"""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from paho.mqtt.enums import MQTTProtocolVersion

from edge.config import MqttConfig
from edge.daemon.message import Message, Topics
from edge.daemon.session import CONNECT_S, ProtocolUnsupported, Session, tls_context
from edge.errors import EdgeError, PublishError

__all__ = ["STAGES", "Stage", "probe"]

STAGES = ("dns", "tcp", "tls", "connect", "acl", "round_trip")
ANSWER_S = 10.0
EXPIRES_S = 14 * 86_400
"""A certificate that ends sooner is worth a word"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage found."""

    name: str
    ok: bool
    detail: str
    took_ms: float


class _Failed(Exception):
    pass


def probe(config: MqttConfig, node: str) -> Iterator[Stage]:
    """Each stage as it ends; the first that fails is the last."""
    way = _Way(config, Topics(config.root, node))
    works: list[Callable[[], str]] = [way.dns, way.tcp, way.tls, way.connect, way.acl, way.round_trip]
    try:
        for name, work in zip(STAGES, works, strict=True):
            began_s = time.perf_counter()
            try:
                ok, detail = True, work()
            except (_Failed, EdgeError, OSError) as error:
                ok, detail = False, str(error)
            yield Stage(name, ok, detail, 1000 * (time.perf_counter() - began_s))
            if not ok:
                return
    finally:
        way.close()


class _Way:
    def __init__(self, config: MqttConfig, topics: Topics) -> None:
        self._config, self._topics = config, topics
        self._session: Session | None = None
        self._acks: dict[int, str | None] = {}
        self._refused: dict[str, str] | None = None
        self._heard: list[bytes] = []
        self._wake, self._other = socket.socketpair()

    def dns(self) -> str:
        found = socket.getaddrinfo(self._config.host, self._config.port, type=socket.SOCK_STREAM)
        return f"{self._config.host} is {', '.join(sorted({str(one[4][0]) for one in found}))}"

    def tcp(self) -> str:
        with socket.create_connection((self._config.host, self._config.port), CONNECT_S):
            return f"port {self._config.port} is open"

    def tls(self) -> str:
        if self._config.tls is None:
            return "not configured: a plain connection"
        context = tls_context(self._config.tls)
        with (
            closing(socket.create_connection((self._config.host, self._config.port), CONNECT_S)) as raw,
            context.wrap_socket(raw, server_hostname=self._config.host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            ends_s = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
            days = (ends_s - time.time()) / 86_400
            soon = f", only {days:.0f} days left" if ends_s - time.time() < EXPIRES_S else ""
            return f"{secure.version()}, certificate until {certificate['notAfter']}{soon}"

    def connect(self) -> str:
        for protocol in (MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311):
            will = Message(self._topics.of_node("response/test"), b"", qos=0, retain=False)
            session = Session(
                self._config, client_id=f"tympan-test-{secrets.token_hex(4)}", will=will, protocol=protocol, keeps_s=0
            )
            try:
                session.open()
            except ProtocolUnsupported:
                session.abandon()
                if protocol == MQTTProtocolVersion.MQTTv311:
                    raise
            except PublishError:
                session.abandon()
                raise
            else:
                session.on_ack = self._acks.__setitem__
                session.on_subscribed = self._subscribed
                session.on_message = lambda _topic, payload, _retained: self._heard.append(payload)
                self._session = session
                break
        user = self._config.credentials()
        return f"{protocol.name} as {'nobody' if user is None else user[0]}"

    def acl(self) -> str:
        """Our commands read, and a topic of ours written, one where nobody looks for a value."""
        session = self._opened()
        session.subscribe([self._topics.of_node("cmd/#")])
        topic = self._topics.of_node("response/test")
        number = session.send(Message(topic, json.dumps({"test": "acl"}).encode(), qos=1, retain=False))
        self._wait(lambda: number in self._acks and self._refused is not None, "acknowledgements")
        if self._acks[number] is not None:
            raise _Failed(f"permission to publish on {topic} wanted. Got: {self._acks[number]}")
        if self._refused:
            raise _Failed(f"permission to read wanted. Got: {self._refused}")
        return f"may write {topic}, may read {self._topics.of_node('cmd/#')}"

    def round_trip(self) -> str:
        """To ourselves: the one topic that a node may read, and as a rule write, too."""
        session = self._opened()
        payload = secrets.token_bytes(16).hex().encode()
        began_s = time.perf_counter()
        number = session.send(Message(self._topics.of_node("cmd/test"), payload, qos=1, retain=False))
        try:
            self._wait(lambda: payload in self._heard, "our own message")
        except _Failed:
            raise _Failed(f"our own message back wanted. Got none; acknowledged: {number in self._acks}") from None
        return f"{1000 * (time.perf_counter() - began_s):.1f} ms through the broker and back"

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session.abandon()
        self._wake.close()
        self._other.close()

    def _subscribed(self, refused: dict[str, str]) -> None:
        self._refused = refused

    def _opened(self) -> Session:
        if self._session is None:
            raise _Failed("a connection wanted. Got none.")
        return self._session

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + ANSWER_S
        while not done():
            if time.monotonic() > deadline:
                raise _Failed(f"{what} in {ANSWER_S:g} s wanted. Got none.")
            self._opened().pump(0.1, self._wake)
