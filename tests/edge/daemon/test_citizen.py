"""Commands, reload and Home Assistant discovery: the whole daemon in this process, a real mosquitto, real clients."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.config import EdgeConfig, EventConfig, LabelRule, SourceConfig
from edge.daemon import app
from edge.daemon.broker_voice import BrokerVoice
from edge.daemon.commands import MAX_BYTES, BadCommand, Command, read_command
from edge.daemon.feeds import PcmFeed
from edge.errors import ConfigError
from tests.mosquitto import Broker, Subscriber

RATE_HZ = 1000
Until = Callable[..., None]
TOPIC = "homeassistant/device/shed_mic/config"


class Living:
    """The daemon in a thread, hearing what is written into a pipe; it ends when that is closed."""

    def __init__(self, config: EdgeConfig, bundle: Bundle, load: Callable[[], EdgeConfig] | None) -> None:
        read_fd, self._write_fd = os.pipe()
        self._read_fd = read_fd
        feed = app.Feed("mic", PcmFeed(read_fd, pcm_rate_hz=RATE_HZ, rate_hz=RATE_HZ))
        voice = BrokerVoice(config, config.mqtt, bundle)  # type: ignore[arg-type]  # every test here has a broker
        self.thread = threading.Thread(target=lambda: app.run(config, bundle, voice, feed=feed, load=load))
        self.thread.start()
        self.play(0.5, 2.0)

    def play(self, amplitude: float, seconds: float) -> None:
        rng = np.random.default_rng(1)
        samples = rng.uniform(-amplitude, amplitude, round(seconds * RATE_HZ))
        os.write(self._write_fd, (samples * 32767).astype("<i2").tobytes())

    def end(self) -> None:
        os.close(self._write_fd)
        self.thread.join(60)
        assert not self.thread.is_alive()
        os.close(self._read_fd)


@contextlib.contextmanager
def living(config: EdgeConfig, bundle: Bundle, load: Callable[[], EdgeConfig] | None = None) -> Iterator[Living]:
    daemon = Living(config, bundle, load)
    try:
        yield daemon
    finally:
        daemon.end()


@pytest.fixture
def config(tmp_path: Path, broker: Broker) -> EdgeConfig:
    return EdgeConfig(node="shed", state_dir=tmp_path / "state", mqtt=broker.config(), sources=(SourceConfig("mic"),))


def asked(subscriber: Subscriber, until: Until, name: str, payload: str | bytes) -> dict[str, Any]:
    """The next answer to one command."""
    topic = f"tympan/shed/response/{name}"
    before = len(subscriber.on(topic))
    subscriber.send(f"tympan/shed/cmd/{name}", payload)
    until(lambda: len(subscriber.on(topic)) > before, f"an answer to {name}")
    answer: dict[str, Any] = subscriber.values(topic)[-1]
    return answer


def test_commands_are_answered_with_their_transaction(
    config: EdgeConfig, bundle: Bundle, subscriber: Subscriber, until: Until
) -> None:
    with living(config, bundle):
        until(lambda: subscriber.on("tympan/shed/mic/state"), "the daemon")
        snapshot = asked(subscriber, until, "snapshot", '{"transaction": "a-1"}')
        assert (snapshot["status"], snapshot["transaction"], snapshot["command"]) == ("ok", "a-1", "snapshot")
        assert snapshot["topics"]["mic/state"]["label"] == "soft"
        assert snapshot["topics"]["mic/availability"] == "online"
        assert snapshot["topics"]["health"]["mqtt_errors"] == []
        for name in ("calibrate", "update", "rollback"):
            refused = asked(subscriber, until, name, json.dumps({"transaction": name}))
            assert (refused["status"], refused["reason"], refused["transaction"]) == ("error", "not_supported", name)
        assert asked(subscriber, until, "dance", "")["reason"] == "unknown_command"
        assert asked(subscriber, until, "snapshot", b"\xff\x00")["reason"] == "bad_request"
        assert asked(subscriber, until, "reload", "")["reason"] == "no_config_file"
        assert {message.qos for message in subscriber.on("tympan/shed/response/snapshot")} == {1}
        assert not any(message.retain for message in subscriber.on("tympan/shed/response/snapshot"))


def test_a_command_that_was_retained_is_not_obeyed(
    config: EdgeConfig, bundle: Bundle, subscriber: Subscriber, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber.send("tympan/shed/cmd/reload", "", retain=False)
    subscriber.send("tympan/shed/cmd/snapshot", '{"transaction": "old"}', retain=True)
    with living(config, bundle):
        until(lambda: "a command that is not retained wanted" in caplog.text, "the old command")
        assert asked(subscriber, until, "snapshot", '{"transaction": "new"}')["transaction"] == "new"
    assert len(subscriber.on("tympan/shed/response/snapshot")) == 1


def test_a_reload_takes_rules_at_once_and_names_what_needs_a_restart(
    config: EdgeConfig, bundle: Bundle, subscriber: Subscriber, until: Until
) -> None:
    wanted = [replace(config, events=EventConfig(rule=LabelRule(k=1, n=1), debug=True), ring_s=9.0)]

    def load() -> EdgeConfig:
        if not wanted:
            raise ConfigError("edge.toml: events.k must be in [1, 4]. Got 5 instead.")
        return wanted[0]

    with living(config, bundle, load) as daemon:
        until(lambda: subscriber.on("tympan/shed/mic/state"), "the daemon")
        answer = asked(subscriber, until, "reload", "{}")
        assert answer["status"] == "ok"
        assert answer["changed"] == ["events"]
        assert answer["restart_required"] == ["ring_s"]
        daemon.play(0.9, 1.5)
        until(lambda: subscriber.on("tympan/shed/mic/debug"), "the debug topic")
        assert subscriber.values("tympan/shed/mic/debug")[-1]["rule"]["k"] == 1

        wanted[0] = replace(wanted[0], events=EventConfig(labels={"cat": LabelRule()}))
        answer = asked(subscriber, until, "reload", '{"transaction": "t"}')
        assert (answer["status"], answer["reason"], answer["transaction"]) == ("error", "bad_config", "t")
        assert "Got 'cat' instead" in answer["detail"]
        wanted.clear()
        assert asked(subscriber, until, "reload", "")["detail"].endswith("Got 5 instead.")
        before = len(subscriber.on("tympan/shed/mic/debug"))
        daemon.play(0.9, 1.0)
        until(lambda: len(subscriber.on("tympan/shed/mic/debug")) > before, "the rules of before, still")


def test_home_assistant_finds_every_source_and_loses_what_is_gone(
    config: EdgeConfig, bundle: Bundle, broker: Broker, subscriber: Subscriber, until: Until
) -> None:
    assert config.mqtt is not None
    announcing = replace(config, mqtt=replace(config.mqtt, discovery="homeassistant"))
    with living(announcing, bundle):
        until(lambda: subscriber.on(TOPIC), "the announcement")
        before = len(subscriber.on(TOPIC))
        subscriber.send("homeassistant/status", "online")
        until(lambda: len(subscriber.on(TOPIC)) > before, "the announcement again")
        late = broker.subscriber()
        late.start()
        until(lambda: late.on(TOPIC), "a retained announcement")
        (message,) = late.on(TOPIC)
        assert message.retain
        late.stop()
    device = subscriber.values(TOPIC)[0]
    assert set(device) == {"dev", "o", "availability", "availability_mode", "qos", "cmps"}
    assert device["availability_mode"] == "all"
    assert [one["topic"] for one in device["availability"]] == ["tympan/shed/status", "tympan/shed/mic/availability"]
    entities = device["cmps"]
    assert {name: one["p"] for name, one in entities.items()} == {
        "sound": "sensor", "suspicion": "sensor", "suspicious": "binary_sensor", "detection": "event",
    }  # fmt: skip
    assert len({one["unique_id"] for one in entities.values()}) == 4
    assert all("object_id" not in one for one in entities.values())
    assert entities["suspicious"]["device_class"] == "problem"
    assert entities["suspicion"]["unit_of_measurement"] == "%"
    assert entities["detection"]["event_types"] == ["detected", "ended", "suspicious", "loud"]
    assert {one.get("expire_after") for one in entities.values()} == {90, None}
    heard = {message.topic for message in subscriber.heard}
    assert {entities[name]["state_topic"] for name in ("sound", "suspicion", "suspicious", "detection")} <= heard

    with living(config, bundle):  # without discovery
        until(lambda: subscriber.on(TOPIC)[-1].payload == b"", "the removal")
    empty = broker.subscriber()
    empty.start()
    until(lambda: empty.on("tympan/shed/info"), "retained topics")
    assert not empty.on(TOPIC)
    empty.stop()


class TestCommandFuzz:
    def test_whatever_arrives_is_a_command_or_one_sentence(self) -> None:
        rng = random.Random(3)
        seeds = [b'{"transaction": "a"}', b"{}", b"[1]", b"null", b'{"transaction": 5}', b"[" * 5000, b"\xff" * 9, b""]
        for i in range(10_000):
            payload = bytearray(seeds[i % len(seeds)])
            for _ in range(rng.randrange(4)):
                payload[rng.randrange(len(payload)) if payload else 0 : 0] = rng.randbytes(rng.randrange(12))
            if i % 1000 == 0:
                payload = bytearray(rng.randbytes(1_000_000))
            name = rng.choice(["reload", "snapshot", "update", "x", "a/b", ""])
            assert self.outcome(name, bytes(payload)) in {"obeyed", "bad_request", "not_supported", "unknown_command"}

    @staticmethod
    def outcome(name: str, payload: bytes) -> str:
        try:
            read_command(name, payload)
        except BadCommand as error:
            return error.reason if "\n" not in error.detail else "more than one sentence"
        return "obeyed"

    def test_limits(self) -> None:
        assert read_command("reload", b'{"transaction": "t"}') == Command("reload", "t")
        with pytest.raises(BadCommand, match=f"at most {MAX_BYTES} bytes"):
            read_command("reload", b" " * (MAX_BYTES + 1))
        with pytest.raises(BadCommand, match="printable text"):
            read_command("reload", json.dumps({"transaction": "x" * 257}).encode())
