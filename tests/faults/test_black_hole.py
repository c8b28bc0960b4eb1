"""A broker or network that takes everything and answers nothing: found by the keep-alive, and no event is lost."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.daemon.message import Topics
from edge.daemon.outbox import Outbox
from edge.daemon.publish import Publisher
from tests.mosquitto import Broker, running_broker, wait_until
from tests.proxy import Proxy

WAIT_S = 60.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker") as broker:
        yield broker


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["stalling network", "stopped broker"])
def test_a_black_hole_is_an_outage_and_costs_no_event(broker: Broker, tmp_path: Path, fault: str) -> None:
    broker.start()
    subscriber = broker.subscriber()
    subscriber.start()
    proxy = Proxy(broker.port)
    outbox = Outbox(tmp_path / "outbox.sqlite", max_bytes=1_000_000)
    config = replace(broker.config(), port=proxy.port, keepalive_s=5)
    publisher = Publisher(config, Topics("tympan", "shed"), outbox, live_messages=64)
    thread = threading.Thread(target=publisher.run)
    thread.start()

    def put(n: int) -> None:
        for _ in range(n):
            outbox.put("mic", lambda seq: json.dumps({"id": f"e{seq}", "seq": seq}).encode())
        publisher.wake()

    def received() -> list[int]:
        return [event["seq"] for name in ("event", "history") for event in subscriber.values(f"tympan/shed/mic/{name}")]

    wait_until(publisher.connected.is_set, "the connection", WAIT_S)
    put(3)
    wait_until(lambda: len(received()) == 3, "the events before", WAIT_S)
    if fault == "stalling network":
        proxy.stall()
    else:
        broker.signal(signal.SIGSTOP)
    put(30)
    wait_until(lambda: not publisher.connected.is_set(), "the outage", WAIT_S)
    assert publisher.errors
    put(2)
    if fault == "stalling network":
        proxy.cut()
        proxy.mend()
    else:
        broker.signal(signal.SIGCONT)
    wait_until(lambda: len(outbox) == 0, "the acknowledgements", WAIT_S)
    assert publisher.connected.is_set()
    assert publisher.errors == []
    wait_until(lambda: set(received()) == set(range(1, 36)), "every event", WAIT_S)
    publisher.stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    publisher.close()
    outbox.close()
    subscriber.stop()
    proxy.close()
