"""Fakes for the daemon's parts, and a real mosquitto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.daemon.hop import Hop
from edge.types import Verdict, Window
from tests.mosquitto import Broker, Subscriber, running_broker, wait_until

RATE_HZ = 1000


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

    judging: Callable[[Window], Verdict] = judge

    def judge(self, *, glance: bool = False) -> Callable[[Window], Verdict]:
        return self.judging


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


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Not started: a test decides when there is a broker."""
    with running_broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    """Connected to the broker, which it starts."""
    broker.start()
    subscriber = Subscriber(broker.port)
    subscriber.start()
    yield subscriber
    subscriber.stop()
