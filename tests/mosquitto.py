"""Debian's mosquitto on a free loopback port with a password and an ACL file, and clients that listen to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.config import MqttConfig

DEPLOY = Path(__file__).resolve().parent.parent / "deploy" / "mosquitto"
DEADLINE_S = 30.0
"""Generous: a test that waits this long has failed"""

__all__ = ["Broker", "Subscriber", "need_programs", "running_broker", "wait_until"]


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Poll until it is true."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"waited {deadline_s:g} s for {what}"
        time.sleep(0.02)


def need_programs(package: str, *programs: str) -> None:
    """Fail in CI where a program is missing, skip elsewhere, and say why."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    reason = f"{', '.join(missing)} wanted (apt-get install {package}). Got none."
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class Subscriber:
    """A client that keeps what it hears: topic, payload, QoS and retain flag."""

    port: int
    heard: list[MQTTMessage] = field(default_factory=list)

    def start(self) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set("reader", "reads")
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        ready = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe([("tympan/#", 1), ("homeassistant/#", 1)])
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _client, _user, message: self.heard.append(message)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        assert ready.wait(DEADLINE_S)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        del self._client  # its callbacks know us: without the cycle it closes its sockets at once

    def send(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(DEADLINE_S)

    def on(self, topic: str) -> list[MQTTMessage]:
        return [message for message in list(self.heard) if message.topic == topic]

    def values(self, topic: str) -> list[Any]:
        return [json.loads(message.payload) for message in self.on(topic)]

    def texts(self, topic: str) -> list[str]:
        return [message.payload.decode() for message in self.on(topic)]


@dataclass
class Broker:
    """mosquitto on a free loopback port, with the files that we ship; users `shed` and `barn` (nodes), `reader`."""

    folder: Path
    port: int

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("tympan.acl", "tympan.conf"):
            text = (DEPLOY / name).read_text(encoding="utf-8")
            here = text.replace("/etc/mosquitto/", f"{self.folder}/").replace(
                "listener 1883 ", f"listener {self.port} "
            )
            (self.folder / name).write_text(here, encoding="utf-8")
        with (self.folder / "tympan.acl").open("a") as acl:
            acl.write("user reader\ntopic readwrite tympan/+/cmd/#\ntopic readwrite homeassistant/#\n")  # an operator
        with (self.folder / "tympan.conf").open("a") as conf:
            conf.write("user root\n")  # our folder is not readable for mosquitto's own user
        passwords = self.folder / "tympan.passwords"
        passwords.touch()
        for user, password in (("shed", "right"), ("reader", "reads"), ("barn", "other")):
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, password], check=True, capture_output=True)

    def start(self) -> None:
        log = (self.folder / "mosquitto.log").open("ab")
        self._process = subprocess.Popen(
            ["mosquitto", "-v", "-c", str(self.folder / "tympan.conf")], stdout=log, stderr=log
        )
        log.close()
        wait_until(self._answers, "mosquitto")

    def log(self) -> str:
        """What mosquitto has written so far, packet by packet."""
        return (self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """As the power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP makes a black hole of it, SIGCONT brings it back."""
        assert self._process is not None
        self._process.send_signal(number)

    def subscriber(self) -> Subscriber:
        """One more independent client, not connected yet."""
        return Subscriber(self.port)

    @contextmanager
    def closed_to_node(self) -> Iterator[None]:
        """The daemon cannot come in yet, so that a subscriber is there before it, whatever the timing."""
        credentials = self.folder / "credentials-shed"
        credentials.write_text("shed:not yet\n")
        yield
        credentials.write_text("shed:right\n")

    def config(self, user: str = "shed", password: str = "right") -> MqttConfig:
        credentials = self.folder / f"credentials-{user}"
        credentials.write_text(f"{user}:{password}\n")
        return MqttConfig(host="127.0.0.1", port=self.port, credentials_file=credentials, backoff_max_s=0.5)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running_broker(folder: Path) -> Iterator[Broker]:
    """A broker with its files in `folder`; not started: a test decides when there is one."""
    need_programs("mosquitto mosquitto-clients", "mosquitto", "mosquitto_passwd")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir()
    broker = Broker(folder, port)
    yield broker
    broker.kill()
