"""Events on their way: live ones at once, old ones paced and in order, refused ones again later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.delivery import HISTORY_PER_S, IN_FLIGHT, RETRY_S, Delivery
from edge.daemon.message import Topics
from edge.daemon.outbox import Outbox


class Wire:
    """A broker that acknowledges when it is told to."""

    def __init__(self, outbox: Outbox) -> None:
        self.now_s = 1000.0
        self.outbox = outbox
        self.delivery = Delivery(outbox, Topics("t", "n"), clock=lambda: self.now_s)
        self.delivery.begin()
        self.flying: list[int] = []
        self.number = 0

    def put(self, n: int) -> None:
        for _ in range(n):
            self.outbox.put("mic", lambda seq: json.dumps({"seq": seq, "replayed": False}).encode())

    def send(self) -> list[tuple[str, int]]:
        """What goes out now: topic's last level and seq."""
        said = []
        for message, row in self.delivery.due():
            self.number += 1
            self.flying.append(self.number)
            self.delivery.sent(self.number, row)
            said.append((message.topic.rpartition("/")[2], json.loads(message.payload)["seq"]))
        return said

    def acknowledge(self, *, refused: bool = False) -> None:
        for number in self.flying:
            self.delivery.acknowledged(number, refused=refused)
        self.flying.clear()
        self.delivery.settle()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    outbox = Outbox(tmp_path / "outbox.sqlite", max_bytes=1_000_000)
    yield Wire(outbox)
    outbox.close()


def test_no_more_are_in_flight_than_a_kill_may_duplicate(wire: Wire) -> None:
    wire.put(50)
    assert len(wire.send()) == IN_FLIGHT
    assert wire.send() == []
    wire.acknowledge()
    assert wire.send()[0] == ("event", IN_FLIGHT + 1)


def test_history_is_in_order_and_paced_and_lets_live_events_pass(wire: Wire) -> None:
    wire.put(300)
    wire.delivery.begin()
    replayed: list[int] = []
    began_s = wire.now_s
    for _ in range(5000):
        if len(replayed) == 300:
            break
        happening = len(replayed) == 100
        if happening:
            wire.put(1)
        said = wire.send()
        assert (said[:1] == [("event", wire.outbox.newest_row())]) is happening
        replayed += [seq for topic, seq in said if topic == "history"]
        wire.acknowledge()
        wire.now_s += max(1e-3, wire.delivery.wait_s(1.0))
    assert replayed == list(range(1, 301))
    assert wire.now_s - began_s >= 280 / HISTORY_PER_S
    assert len(wire.outbox) == 0


def test_what_the_broker_refused_stays_and_is_sent_again(wire: Wire) -> None:
    wire.put(2)
    assert wire.send() == [("event", 1), ("event", 2)]
    wire.acknowledge(refused=True)
    assert len(wire.outbox) == 2
    assert wire.send() == []
    wire.now_s += RETRY_S
    assert wire.send() == [("history", 1), ("history", 2)]
    wire.acknowledge()
    assert len(wire.outbox) == 0
