"""One connection to the broker, from CONNECT to its end, driven by its owner's thread alone.

No paho thread and no paho reconnect: a lost connection is a PublishError, and the owner opens a
new session. So nothing that paho queued can be sent twice behind the owner's back.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.config import MqttConfig, TlsConfig
from edge.daemon.commands import MAX_BYTES
from edge.daemon.message import Message
from edge.errors import ConfigError, PublishError

__all__ = ["CONNECT_S", "LIVE_EXPIRY_S", "ConnectionRefused", "ProtocolUnsupported", "Session", "tls_context"]

CONNECT_S = 5.0
"""For the TCP and TLS handshake"""
CONNACK_S = 10.0
SESSION_EXPIRY_S = 300
"""MQTT 5: so long the broker keeps commands for us while we are away"""
LIVE_EXPIRY_S = 60
"""MQTT 5: after this the broker may throw a verdict away"""


class ConnectionRefused(PublishError):
    """The broker answered, and said no: the operator must change something."""


class ProtocolUnsupported(PublishError):
    """The broker does not speak this version of MQTT: it said so, hung up on it, or keeps silent."""


def tls_context(tls: TlsConfig) -> ssl.SSLContext:
    """The broker must prove itself; we do, where we have a certificate."""
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context


def _connect_properties(keeps_s: int) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = keeps_s
    properties.MaximumPacketSize = 2 * MAX_BYTES
    return properties


class Session:
    """Open it, send, pump until it raises."""

    def __init__(
        self,
        config: MqttConfig,
        *,
        client_id: str,
        will: Message,
        protocol: MQTTProtocolVersion,
        keeps_s: int = SESSION_EXPIRY_S,
    ) -> None:
        self._config = config
        self._protocol = protocol
        self.on_ack: Callable[[int, str | None], None] = lambda _mid, _refused: None
        """Called with a message's number, and the reason if the broker refused it"""
        self.on_message: Callable[[str, bytes, bool], None] = lambda _topic, _payload, _retained: None
        """Called with what the broker sends us, and whether it was retained"""
        self.on_subscribed: Callable[[dict[str, str]], None] = lambda _refused: None
        """Called with the topics that the broker does not let us read, each with its reason"""
        self._asked: dict[int, list[str]] = {}
        """Number of a subscription → its topics"""
        self._connack: ReasonCode | None = None
        self._lost: str | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, reconnect_on_failure=False
        )
        self._client.connect_timeout = CONNECT_S
        self._five = _connect_properties(keeps_s) if protocol == MQTTProtocolVersion.MQTTv5 else None
        self._client.will_set(will.topic, will.payload, will.qos, will.retain)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def open(self) -> None:
        """Connect and wait for the broker's answer."""
        where = f"{self._config.host}:{self._config.port}"
        try:
            self._identify()
            self._client.connect(
                self._config.host,
                self._config.port,
                self._config.keepalive_s,
                clean_start=MQTT_CLEAN_START_FIRST_ONLY if self._five is None else False,
                properties=self._five,
            )
        except OSError as error:
            raise PublishError(f"mqtt: broker at {where} wanted. Got: {error}") from error
        except ConfigError as error:
            raise ConnectionRefused(str(error)) from error
        deadline = time.monotonic() + CONNACK_S
        while self._connack is None:
            if self._lost is not None:
                raise ProtocolUnsupported(f"mqtt: an answer from {where} wanted. Got: {self._lost}")
            if time.monotonic() > deadline:
                # A broker of 3.1.1 may wait for the rest of a packet that it takes to be longer: amqtt does.
                raise ProtocolUnsupported(f"mqtt: an answer from {where} in {CONNACK_S:g} s wanted. Got none.")
            self._turn(0.1, None)
        if self._connack == "Unsupported protocol version":
            raise ProtocolUnsupported(f"mqtt: a broker that speaks {self._protocol.name} wanted. Got: {self._connack}")
        if self._connack.is_failure:
            raise ConnectionRefused(f"mqtt: {where} was to let us in. Got: {self._connack}")

    def send(self, message: Message) -> int:
        """Hand one message to the socket; its number comes back through `on_ack`."""
        properties = None
        if self._protocol == MQTTProtocolVersion.MQTTv5 and message.qos == 0:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = LIVE_EXPIRY_S
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
        return info.mid

    def subscribe(self, topics: list[str]) -> None:
        """Ask for topics; the answer comes through `on_subscribed`."""
        _, number = self._client.subscribe([(topic, 1) for topic in topics])
        if number is not None:
            self._asked[number] = topics

    @property
    def congested(self) -> bool:
        """The socket takes no more for now."""
        return self._client.want_write()

    def pump(self, timeout_s: float, wake: socket.socket) -> None:
        """Read, write and keep alive until something happens; raises once the connection is lost."""
        self._turn(timeout_s, wake)
        if self._lost is not None:
            raise PublishError(f"mqtt: a lasting connection wanted. Got: {self._lost}")

    def close(self) -> None:
        """A clean end: the broker does not send the last will."""
        self._client.disconnect()
        deadline = time.monotonic() + CONNECT_S
        while self._lost is None and self._client.want_write() and time.monotonic() < deadline:
            self._turn(0.1, None)

    def abandon(self) -> None:
        """Close the socket without a word: the broker sends the last will."""
        connection = self._client.socket()
        if connection is not None:
            connection.close()
        # Without the cycle the client goes at once, and closes the sockets that it keeps for itself.
        self._client.on_connect = self._client.on_disconnect = self._client.on_publish = None
        self._client.on_subscribe = self._client.on_message = None

    def _identify(self) -> None:
        credentials = self._config.credentials()
        if credentials is not None:
            self._client.username_pw_set(*credentials)
        tls = self._config.tls
        if tls is not None:
            self._client.tls_set_context(tls_context(tls))

    def _turn(self, timeout_s: float, wake: socket.socket | None) -> None:
        connection = self._client.socket()
        if connection is None:
            self._lost = self._lost or "no socket"
            return
        readers = [connection] if wake is None else [connection, wake]
        writers = [connection] if self._client.want_write() else []
        readable, writable, _ = select.select(readers, writers, [], timeout_s)
        if connection in readable:
            self._client.loop_read()
            while isinstance(connection, ssl.SSLSocket) and self._client.socket() is not None and connection.pending():
                self._client.loop_read()
        if connection in writable:
            self._client.loop_write()
        if wake is not None and wake in readable:
            wake.recv(4096)
        self._client.loop_misc()

    def _on_connect(self, _client: Client, _user: object, _flags: object, reason: ReasonCode, _props: object) -> None:
        self._connack = reason

    def _on_subscribe(
        self, _client: Client, _user: object, mid: int, reasons: list[ReasonCode], _props: object
    ) -> None:
        answers = zip(self._asked.pop(mid, []), reasons, strict=True)
        self.on_subscribed({topic: str(reason) for topic, reason in answers if reason.is_failure})

    def _on_message(self, _client: Client, _user: object, message: MQTTMessage) -> None:
        self.on_message(message.topic, bytes(message.payload), message.retain)

    def _on_disconnect(self, _client: Client, _user: object, _flags: object, reason: Any, _props: object) -> None:
        self._lost = str(reason)

    def _on_publish(self, _client: Client, _user: object, mid: int, reason: ReasonCode, _props: object) -> None:
        self.on_ack(mid, str(reason) if reason.is_failure else None)
