"""Windows to events: k of n, one event a change, no flood."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.config import EventConfig
from edge.daemon.events import Event, EventTracker
from edge.daemon.hop import Hop

MakeHop = Callable[..., Hop]


def events(hops: list[Hop], config: EventConfig | None = None) -> list[Event]:
    tracker = EventTracker(config or EventConfig())
    return [event for hop in hops for event in tracker.push(hop)]


def labels(make_hop: MakeHop, text: str, **kwargs: float) -> list[Hop]:
    """`r` is rain, `d` is dog_bark, `-` is silence."""
    names = {"r": "rain", "d": "dog_bark", "-": None}
    return [make_hop(names[letter], float(i), **kwargs) for i, letter in enumerate(text)]


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("rr", []),
        ("rrr", ["detected rain"]),
        ("rrrrrrrrr", ["detected rain"]),
        ("r-r-r-", []),
        ("rr-r", ["detected rain"]),
        ("rrrddd", ["detected rain", "ended rain", "detected dog_bark"]),
        ("rrr-rrr", ["detected rain"]),
        ("rrr----", ["detected rain", "ended rain"]),
        ("rrr---", ["detected rain"]),
        ("rrr----rrr", ["detected rain", "ended rain", "detected rain"]),
    ],
)
def test_three_of_four(make_hop: MakeHop, heard: str, said: list[str]) -> None:
    assert [f"{event.event_type} {event.label}" for event in events(labels(make_hop, heard))] == said


def test_unsure_windows_do_not_count(make_hop: MakeHop) -> None:
    assert events(labels(make_hop, "rrrrrr", confidence=0.49)) == []


def test_times_and_reason_of_a_detection(make_hop: MakeHop) -> None:
    detected, ended = events(labels(make_hop, "-rr-rr----"))
    assert detected.reason == "3_of_4_windows"
    assert (detected.start_s, detected.end_s) == (1000.0 + 1 - 5, 1000.0 + 4)
    assert ended.reason == "0_of_4_windows"
    assert (ended.start_s, ended.end_s) == (1000.0 + 1 - 5, 1000.0 + 5)


@pytest.mark.parametrize(
    ("flags", "n_said"), [("0000", 0), ("01", 1), ("0111", 1), ("01010", 1), ("0100001", 2), ("nnn", 0)]
)
def test_suspicious_is_said_once_until_it_has_been_calm(make_hop: MakeHop, flags: str, n_said: int) -> None:
    flag_of = {"0": False, "1": True, "n": None}
    hops = [make_hop(None, float(i), flag=flag_of[flag]) for i, flag in enumerate(flags)]
    assert [event.event_type for event in events(hops)] == ["suspicious"] * n_said


def test_loud_is_said_once_and_silence_is_not_loud(make_hop: MakeHop) -> None:
    levels = [None, -20.0, -3.0, -1.0, -20.0, -1.0]
    hops = [make_hop(None, float(i), level=level) for i, level in enumerate(levels)]
    said = events(hops)
    assert [event.event_type for event in said] == ["loud"]
    assert said[0].hop.wall_s == 1002.0
