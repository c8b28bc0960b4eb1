from __future__ import annotations

import socket
from queue import SimpleQueue

import pytest

pytest.importorskip("amqtt", reason="amqtt (extra demo) wanted. Got an environment without it.")

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.demo.broker import HOST, broker, free_port
from edge.demo.listener import Received, listener
from edge.errors import ConfigError

ANSWER_S = 20


def connected(port: int, protocol: MQTTProtocolVersion) -> tuple[Client, str]:
    """A client with a last will, and the broker's answer to it."""
    answers: SimpleQueue[str] = SimpleQueue()
    client = Client(CallbackAPIVersion.VERSION2, protocol=protocol, reconnect_on_failure=False)
    client.will_set("tympan/x/status", b"offline", 1, retain=True)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(str(reason))
    client.connect(HOST, port)
    client.loop_start()
    return client, answers.get(timeout=ANSWER_S)


def test_a_message_reaches_the_listener() -> None:
    port = free_port()
    with broker(port), listener(port) as inbox:
        client, answer = connected(port, MQTTProtocolVersion.MQTTv311)
        assert answer == "Success"
        client.publish("tympan/x/mic/verdict", b'{"label": "rain"}')
        received = inbox.get(timeout=ANSWER_S)
        client.disconnect()
        client.loop_stop()
    assert received == Received("tympan/x/mic/verdict", b'{"label": "rain"}')
    assert received.kind == "verdict"
    assert received.json() == {"label": "rain"}


def test_mqtt_5_is_refused_at_once() -> None:
    port = free_port()
    with broker(port):
        client, answer = connected(port, MQTTProtocolVersion.MQTTv5)
        client.loop_stop()
    assert answer == "Unsupported protocol version"


def test_half_a_connect_does_no_harm() -> None:
    port = free_port()
    with broker(port):
        with socket.create_connection((HOST, port)) as half:
            half.sendall(b"\x10\x20\x00")
        client, answer = connected(port, MQTTProtocolVersion.MQTTv311)
        client.disconnect()
        client.loop_stop()
    assert answer == "Success"


def test_a_taken_port_is_named() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"PORT must be free on {HOST}. Got {port}"), broker(port):
            pass


def test_the_port_is_free_again() -> None:
    port = free_port()
    for _ in range(2):
        with broker(port):
            client, answer = connected(port, MQTTProtocolVersion.MQTTv311)
            client.disconnect()
            client.loop_stop()
        assert answer == "Success"
