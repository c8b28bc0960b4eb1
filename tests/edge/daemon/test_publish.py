"""The publish thread against a real mosquitto with a password and an ACL file."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.config import MqttConfig
from edge.daemon.message import Message, Topics
from edge.daemon.outbox import Outbox
from edge.daemon.publish import Publisher
from tests.mosquitto import Broker, Subscriber

TOPICS = Topics("tympan", "shed")
Until = Callable[..., None]


class Running:
    """A publisher in its thread, with its outbox."""

    def __init__(self, config: MqttConfig, folder: Path) -> None:
        self.outbox = Outbox(folder / "outbox.sqlite", max_bytes=1_000_000)
        self.publisher = Publisher(config, TOPICS, self.outbox, live_messages=64)
        self.stopped = False
        self.thread = threading.Thread(target=self.publisher.run, daemon=True)
        self.thread.start()

    def event(self, name: str) -> None:
        self.outbox.put(
            "mic", lambda seq: json.dumps({"id": name, "seq": seq, "ts": "then", "replayed": False}).encode()
        )
        self.publisher.wake()

    def stop(self) -> None:
        if self.stopped:
            return
        self.stopped = True
        self.publisher.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.publisher.close()
        self.outbox.close()


Start = Callable[[MqttConfig], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Running] = []

    def begin(config: MqttConfig) -> Running:
        running.append(Running(config, tmp_path))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def state(payload: bytes) -> Message:
    return Message("tympan/shed/mic/state", payload, qos=1, retain=True)


def live(payload: bytes) -> Message:
    return Message("tympan/shed/mic/verdict", payload, qos=0, retain=False)


def test_status_is_online_then_offline_on_a_clean_stop(
    broker: Broker, subscriber: Subscriber, start: Start, until: Until
) -> None:
    running = start(broker.config())
    until(lambda: subscriber.texts("tympan/shed/status") == ["online"], "online")
    running.stop()
    until(lambda: subscriber.texts("tympan/shed/status") == ["online", "offline"], "offline")
    assert {message.qos for message in subscriber.on("tympan/shed/status")} == {1}


def test_retained_and_live_messages_have_their_flags(broker: Broker, start: Start, until: Until) -> None:
    broker.start()
    running = start(broker.config())
    until(running.publisher.connected.is_set, "connection")
    running.publisher.newest(state(b"1"))
    running.publisher.live(live(b"2"))
    running.event("e1")
    until(lambda: len(running.outbox) == 0, "the acknowledgement")
    late = late_subscriber(broker)
    until(lambda: len(late.heard) >= 2, "retained messages")
    retained = {message.topic: (message.qos, message.retain) for message in late.heard}
    assert retained == {"tympan/shed/status": (1, True), "tympan/shed/mic/state": (1, True)}
    running.publisher.live(live(b"3"))
    running.event("e2")
    until(lambda: late.on("tympan/shed/mic/event") and late.on("tympan/shed/mic/verdict"), "live ones")
    assert (late.on("tympan/shed/mic/verdict")[0].qos, late.on("tympan/shed/mic/event")[0].qos) == (0, 1)
    assert not late.on("tympan/shed/mic/event")[0].retain
    late.stop()


def late_subscriber(broker: Broker) -> Subscriber:
    late = broker.subscriber()
    late.start()
    return late


def test_the_last_will_is_sent_when_the_daemon_dies(
    broker: Broker, subscriber: Subscriber, start: Start, until: Until
) -> None:
    running = start(broker.config())
    until(lambda: subscriber.texts("tympan/shed/status") == ["online"], "online")
    running.publisher._farewell = lambda session: session.abandon()  # type: ignore[method-assign]  # as a kill does
    running.publisher.stop()
    until(lambda: subscriber.texts("tympan/shed/status") == ["online", "offline"], "the last will")


def test_refused_credentials_are_an_error_in_the_log_and_tried_again(
    broker: Broker, start: Start, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    broker.start()
    config = broker.config("shed", "wrong")
    running = start(config)
    until(lambda: [r for r in caplog.records if r.levelno == logging.ERROR], "an error in the log")
    assert "was to let us in. Got: Not authorized" in caplog.text
    assert not running.publisher.connected.is_set()
    broker.config("shed", "right")  # the same file, mended
    until(running.publisher.connected.is_set, "the connection with the mended file")
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1, "an outage is logged once"


def test_a_denied_topic_is_an_error_and_the_event_is_kept(
    broker: Broker, start: Start, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    broker.start()
    running = start(broker.config("barn", "other"))
    until(lambda: "permission to publish on tympan/shed/status" in caplog.text, "the status denied")
    running.event("denied")
    until(lambda: "permission to publish on tympan/shed/mic/event wanted. Got: Not authorized" in caplog.text, "error")
    assert len(running.outbox) == 1
    assert "tympan/shed/mic/event: Not authorized" in running.publisher.errors
    assert "tympan/shed/status: Not authorized" in running.publisher.errors
    assert not running.publisher.connected.is_set(), "its own status was refused"


def test_a_broker_that_comes_later_gets_the_newest_state_and_the_history(
    broker: Broker, start: Start, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(broker.config())
    until(lambda: "trying again, events are kept" in caplog.text, "the outage in the log")
    running.publisher.newest(state(b"old"))
    running.publisher.newest(state(b"new"))
    for name in ("e1", "e2"):
        running.event(name)
    with broker.closed_to_node():
        broker.start()
        subscriber = broker.subscriber()
        subscriber.start()
    until(lambda: len(subscriber.on("tympan/shed/mic/history")) == 2, "the history")
    until(lambda: subscriber.on("tympan/shed/mic/state"), "the state")
    assert subscriber.texts("tympan/shed/mic/state") == ["new"]
    history = subscriber.values("tympan/shed/mic/history")
    assert [(event["id"], event["seq"], event["ts"], event["replayed"]) for event in history] == [
        ("e1", 1, "then", True),
        ("e2", 2, "then", True),
    ]
    assert not subscriber.on("tympan/shed/mic/event")
    subscriber.stop()


def test_events_of_an_outage_are_replayed_after_kill_9_of_the_broker(
    broker: Broker, start: Start, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broker.start()
    first = broker.subscriber()
    first.start()
    running = start(broker.config())
    running.publisher.newest(state(b"standing"))
    until(running.publisher.connected.is_set, "connection")
    running.event("before")
    until(lambda: first.on("tympan/shed/mic/event"), "the live event")
    broker.kill()
    until(lambda: not running.publisher.connected.is_set(), "the outage")
    running.event("during")
    first.stop()
    with broker.closed_to_node():
        broker.start()
        second = broker.subscriber()
        second.start()
    until(lambda: second.on("tympan/shed/mic/history"), "the replay")
    running.event("after")
    until(lambda: second.on("tympan/shed/mic/event"), "the next live event")
    until(lambda: len(running.outbox) == 0, "the acknowledgements")
    assert [event["id"] for event in second.values("tympan/shed/mic/history")] == ["during"]
    assert [event["id"] for event in second.values("tympan/shed/mic/event")] == ["after"]
    assert second.texts("tympan/shed/mic/state")[0] == "standing"
    assert "a lasting connection wanted" in caplog.text
    second.stop()


def test_stop_flushes_what_was_queued(broker: Broker, subscriber: Subscriber, start: Start, until: Until) -> None:
    running = start(broker.config())
    until(running.publisher.connected.is_set, "connection")
    for i in range(60):
        running.publisher.live(live(str(i).encode()))
    for i in range(60):
        running.event(f"e{i}")
    running.stop()
    until(lambda: subscriber.texts("tympan/shed/status") == ["online", "offline"], "offline")
    assert [int(text) for text in subscriber.texts("tympan/shed/mic/verdict")] == list(range(60))
    assert [event["id"] for event in subscriber.values("tympan/shed/mic/event")] == [f"e{i}" for i in range(60)]
    assert running.publisher.dropped == 0


def test_a_stopping_daemon_does_not_wait_for_an_absent_broker(broker: Broker, start: Start) -> None:
    running = start(broker.config())
    running.event("kept")
    running.stop()


# In a process of its own: amqtt leaves unfinished coroutines behind when it shuts down.
SERVE_311 = """
import sys
from edge.demo.broker import broker, free_port
port = free_port()
with broker(port):
    print(port, flush=True)
    sys.stdin.read()
"""


def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(
    start: Start, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("amqtt", reason="an MQTT 3.1.1 broker wanted (extra demo)")
    caplog.set_level(logging.INFO)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SERVE_311], stdin=pipe, stdout=pipe, stderr=pipe) as served:
        assert served.stdout is not None
        config = MqttConfig(port=int(served.stdout.readline()), host="127.0.0.1", backoff_max_s=0.5)
        running = start(config)
        until(running.publisher.connected.is_set, "connection")
        running.event("e1")
        until(lambda: len(running.outbox) == 0, "the acknowledgement")
        running.stop()
        served.kill()
    assert "with MQTTv311" in caplog.text
