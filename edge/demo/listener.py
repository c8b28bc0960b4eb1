"""An independent subscriber: everything under tympan/#, as any client of the broker would get it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.demo.broker import HOST
from edge.errors import PublishError

__all__ = ["Received", "listener"]

CONNECT_S = 20.0


@dataclass(frozen=True, slots=True)
class Received:
    """One message."""

    topic: str
    payload: bytes

    @property
    def kind(self) -> str:
        """Last level of the topic: verdict, state, status..."""
        return self.topic.rpartition("/")[2]

    def json(self) -> dict[str, Any]:
        """The payload as an object."""
        value: dict[str, Any] = json.loads(self.payload)
        return value


@contextmanager
def listener(port: int) -> Iterator[SimpleQueue[Received]]:
    """A queue that fills with what the broker delivers."""
    inbox: SimpleQueue[Received] = SimpleQueue()
    ready = Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id="tympan-demo-listener")

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        inbox.put(Received(message.topic, bytes(message.payload)))

    def on_connect(client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        if not reason.is_failure:
            client.subscribe("tympan/#", qos=1)

    client.on_message = on_message
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: ready.set()
    client.connect(HOST, port)
    client.loop_start()
    try:
        if not ready.wait(CONNECT_S):
            raise PublishError(f"a subscription to tympan/# within {CONNECT_S:g} s wanted. Got none.")
        yield inbox
    finally:
        client.disconnect()
        client.loop_stop()
