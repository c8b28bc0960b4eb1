"""Fakes for the daemon's parts, and a real mosquitto with a password and an ACL file."""

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
from typing import Any, cast

import numpy as np
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.bundle import Bundle
from edge.config import MqttConfig
from edge.daemon.hop import Hop
from edge.types import Verdict, Window

RATE_HZ = 1000
DEADLINE_S = 30.0
"""Generous: a test that waits this long has failed"""


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"waited {deadline_s:g} s for {what}"
        time.sleep(0.02)


@pytest.fixture
def until() -> Callable[..., None]:
    return wait_until


def judge(window: Window) -> Verdict:
    """Loud or soft by the level, silence by the gate: enough of a pipeline for the daemon."""
    rms = float(np.sqrt(np.mean(np.square(window.samples, dtype=np.float64))))
    if rms == 0:
        return Verdict(window.start_s, None, 0.0, {}, None, None, "silence", None, clipped=False)
    label = "loud" if rms > 0.3 else "soft"
    scores = {"loud": 0.1, "soft": 0.1} | {label: 0.9}
    level = 20 * float(np.log10(rms))
    return Verdict(window.start_s, label, 0.9, scores, 0.25, 0.5, None, level, clipped=False)


@dataclass(frozen=True)
class FakeBundle:
    """What the daemon needs of a bundle."""

    name: str = "fake"
    id: str = "0" * 64
    labels: tuple[str, ...] = ("loud", "soft")
    rate_hz: int = RATE_HZ
    window_s: float = 1.0
    hop_s: float = 0.25
    n_calibration: int = 99
    pipeline: Callable[[Window], Verdict] = judge


@pytest.fixture
def bundle() -> Bundle:
    return cast("Bundle", FakeBundle())


@pytest.fixture
def make_hop() -> Callable[..., Hop]:
    def make(
        label: str | None = "rain",
        at_s: float = 0.0,
        *,
        confidence: float = 0.9,
        flag: bool | None = False,
        level: float | None = -30.0,
    ) -> Hop:
        scores = {} if label is None else {label: confidence, "other": 1 - confidence}
        reason = None if label else "silence"
        verdict = Verdict(at_s, label, confidence, scores, 0.1, 0.5, reason, level, clipped=False)
        return Hop(verdict=verdict, wall_s=1000.0 + at_s, window_s=5.0, flag=flag, latency_ms=12.0, lost_ms=0.0)

    return make


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
        self._client.on_connect = lambda client, *_: client.subscribe("tympan/#", qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _client, _user, message: self.heard.append(message)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        assert ready.wait(DEADLINE_S)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        del self._client  # its callbacks know us: without the cycle it closes its sockets at once

    def on(self, topic: str) -> list[MQTTMessage]:
        return [message for message in list(self.heard) if message.topic == topic]

    def values(self, topic: str) -> list[Any]:
        return [json.loads(message.payload) for message in self.on(topic)]

    def texts(self, topic: str) -> list[str]:
        return [message.payload.decode() for message in self.on(topic)]


@dataclass
class Broker:
    """Debian's mosquitto on a free loopback port; users `node` (its own topics) and `reader`."""

    folder: Path
    port: int

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        passwords = self.folder / "passwords"
        passwords.touch()
        for user, password in (("node", "right"), ("reader", "reads"), ("mute", "mute")):
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, password], check=True, capture_output=True)
        acl = "user node\ntopic write tympan/shed/#\nuser reader\ntopic read tympan/#\nuser mute\ntopic write other/#\n"
        (self.folder / "acl").write_text(acl)
        (self.folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\nuser root\npassword_file {passwords}\n"
            f"acl_file {self.folder / 'acl'}\npersistence false\n"
        )

    def start(self) -> None:
        log = (self.folder / "mosquitto.log").open("ab")
        self._process = subprocess.Popen(
            ["mosquitto", "-v", "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
        )
        log.close()
        wait_until(self._answers, "mosquitto")

    def kill(self) -> None:
        """As the power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def subscriber(self) -> Subscriber:
        """One more independent client, not connected yet."""
        return Subscriber(self.port)

    @contextmanager
    def closed_to_node(self) -> Iterator[None]:
        """The daemon cannot come in yet, so that a subscriber is there before it, whatever the timing."""
        credentials = self.folder / "credentials-node"
        credentials.write_text("node:not yet\n")
        yield
        credentials.write_text("node:right\n")

    def config(self, user: str = "node", password: str = "right") -> MqttConfig:
        credentials = self.folder / f"credentials-{user}"
        credentials.write_text(f"{user}:{password}\n")
        return MqttConfig(host="127.0.0.1", port=self.port, credentials_file=credentials, backoff_max_s=0.5)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Not started: a test decides when there is a broker."""
    if shutil.which("mosquitto") is None:
        reason = "Debian's mosquitto wanted (apt-get install mosquitto). Got none."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, port)
    yield broker
    broker.kill()


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    """Connected to the broker, which it starts."""
    broker.start()
    subscriber = Subscriber(broker.port)
    subscriber.start()
    yield subscriber
    subscriber.stop()
