"""The daemon killed again and again while the broker comes and goes: is every committed event received, and no other?

What was committed is known from the daemon itself: each start publishes `previous`, the last `seq` of
the run before, read from the disk. So for every boot the set is 1 … last_seq, without a gap.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.daemon.delivery import IN_FLIGHT
from tests.mosquitto import Broker, Subscriber, wait_until
from tests.proxy import Proxy

__all__ = ["Tally", "outage"]

RATE_HZ = 16000
PERIOD_S = 14
"""Of sound: noise for 7 s, then silence for 7 s, so that a window is once loud and once not"""
WAIT_S = 120.0
LOGGED = re.compile(r"\(seq (\d+)\)")


@dataclass(frozen=True)
class Tally:
    """What came of it."""

    n_committed: int
    n_received: int
    """Different events"""
    n_duplicates: int
    n_kills: int
    lost: list[tuple[str, int]]
    invented: list[tuple[str, int]]


class Daemon:
    """`edge run -` as a process, fed with noise and silence in turn, faster than real time."""

    def __init__(self, config: Path, log: Path, *, speed: float) -> None:
        self.log = log
        command = [sys.executable, "-m", "edge.cli", "run", "-", "--config", str(config), "--rate", str(RATE_HZ)]
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, stdout=file, stderr=file)
        self._speed = speed
        self._stop = threading.Event()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def committed(self) -> int:
        """Highest seq in its log."""
        return max((int(seq) for seq in LOGGED.findall(self.log.read_text(errors="replace"))), default=0)

    def silence(self) -> None:
        """Nothing more to detect."""
        self._speed = 0.0

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def stop(self) -> int:
        self.process.terminate()
        self._end()
        return self.process.returncode

    def _end(self) -> None:
        self.process.wait(WAIT_S)
        self._stop.set()
        self._feeder.join(WAIT_S)

    def _feed(self) -> None:
        assert self.process.stdin is not None
        rng = np.random.default_rng(1)
        noise = (rng.uniform(-0.9, 0.9, RATE_HZ) * 32767).astype("<i2").tobytes()
        second = 0
        with self.process.stdin as pipe, suppress(BrokenPipeError):  # a kill ends it
            while not self._stop.is_set():
                loud = self._speed > 0 and second % PERIOD_S < PERIOD_S / 2
                pipe.write(noise if loud else bytes(len(noise)))
                second += 1
                self._stop.wait(1 / (self._speed or 1.0))


def outage(folder: Path, bundle: Path, broker: Broker, *, n_kills: int, run_s: float, speed: float) -> Tally:
    """Kill the daemon `n_kills` times, each in the middle of an outage or just after one."""
    rng = random.Random(7)
    broker.start()
    subscriber = broker.subscriber()
    subscriber.start()
    proxy = Proxy(broker.port)
    config = _config(folder, bundle, broker, proxy.port)
    for i in range(n_kills):
        daemon = Daemon(config, folder / f"edge-{i}.log", speed=speed)
        _until_heard(daemon)
        time.sleep(rng.uniform(0.2, run_s / 3))
        proxy.cut()
        time.sleep(rng.uniform(0.2, run_s / 3))
        if i % 2:
            proxy.mend()
            time.sleep(rng.uniform(0.5, run_s / 3 + 0.5))
        daemon.kill()
        proxy.mend()
    daemon = Daemon(config, folder / "edge-last.log", speed=speed)
    _until_heard(daemon)
    daemon.silence()
    _drained(subscriber, daemon)
    assert daemon.stop() == 0, daemon.log.read_text()
    # One more, which hears nothing and tells what the last one had committed.
    n_infos = len(subscriber.on("tympan/shed/info"))
    last = Daemon(config, folder / "edge-end.log", speed=0.0)
    wait_until(lambda: len(subscriber.on("tympan/shed/info")) > n_infos, "the last info", WAIT_S)
    _drained(subscriber, last)
    last.stop()
    proxy.close()
    subscriber.stop()
    return _tally(subscriber, folder, n_kills)


def _until_heard(daemon: Daemon) -> None:
    wait_until(lambda: daemon.committed() > 0 or daemon.process.poll() is not None, "an event", WAIT_S)
    assert daemon.process.poll() is None, daemon.log.read_text()


def _config(folder: Path, bundle: Path, broker: Broker, port: int) -> Path:
    credentials = broker.config().credentials_file
    path = folder / "edge.toml"
    path.write_text(
        f'node = "shed"\nbundle = "{bundle}"\nstate_dir = "{folder / "state"}"\n[events]\nk = 1\nn = 1\n'
        f'loud_dbfs = -20\n[mqtt]\nhost = "127.0.0.1"\nport = {port}\ncredentials_file = "{credentials}"\n'
        "backoff_max_s = 0.5\nkeepalive_s = 5\n"
    )
    return path


def _received(subscriber: Subscriber) -> list[dict[str, Any]]:
    return [event for name in ("event", "history") for event in subscriber.values(f"tympan/shed/stdin/{name}")]


def _drained(subscriber: Subscriber, daemon: Daemon) -> None:
    """Nothing new for five seconds, and the daemon is alive."""
    before, still_s = -1, time.monotonic()
    while time.monotonic() - still_s < 5.0:
        assert daemon.process.poll() is None, daemon.log.read_text()
        now = len(_received(subscriber))
        if now != before:
            before, still_s = now, time.monotonic()
        time.sleep(0.2)


def _tally(subscriber: Subscriber, folder: Path, n_kills: int) -> Tally:
    previous = [info["previous"] for info in subscriber.values("tympan/shed/info")]
    committed = {(one["boot_id"], seq) for one in previous if one for seq in range(1, one["last_seq"] + 1)}
    events = _received(subscriber)
    copies = Counter(event["id"] for event in events)
    received = {(event["boot_id"], event["seq"]) for event in events}
    assert len(received) == len(copies), "an id is one event"
    logged = sum(
        max((int(seq) for seq in LOGGED.findall(log.read_text(errors="replace"))), default=0)
        for log in folder.glob("edge-*.log")
    )
    assert logged <= len(committed) <= logged + n_kills, "the daemon's own log: at most one line a kill is missing"
    return Tally(
        n_committed=len(committed),
        n_received=len(copies),
        n_duplicates=len(events) - len(copies),
        n_kills=n_kills,
        lost=sorted(committed - received),
        invented=sorted(received - committed),
    )


MOST_DUPLICATES = IN_FLIGHT
"""A kill, and a broker's end, each may repeat what was in flight"""
