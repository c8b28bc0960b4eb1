"""Windows to events: k of n, hysteresis, cool-down, one rule a label; and the reason for each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from edge.config import EventConfig, LabelRule
from edge.daemon.decide import Decider
from edge.daemon.events import Event
from edge.daemon.hop import Hop

MakeHop = Callable[..., Hop]


def events(hops: list[Hop], config: EventConfig | None = None) -> list[Event]:
    decider = Decider(config or EventConfig())
    return [event for hop in hops for event in decider.push(hop).events]


def said(hops: list[Hop], config: EventConfig | None = None) -> list[str]:
    return [f"{event.event_type} {event.label}" for event in events(hops, config)]


def why(hops: list[Hop], config: EventConfig | None = None) -> list[str]:
    decider = Decider(config or EventConfig())
    return [decider.push(hop).detection.reason for hop in hops]


def labels(make_hop: MakeHop, text: str, **kwargs: float) -> list[Hop]:
    """`r` is rain, `d` is dog_bark, `-` is silence."""
    names = {"r": "rain", "d": "dog_bark", "-": None}
    return [make_hop(names[letter], float(i), **kwargs) for i, letter in enumerate(text)]


@pytest.mark.parametrize(
    ("heard", "wanted"),
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
def test_three_of_four(make_hop: MakeHop, heard: str, wanted: list[str]) -> None:
    assert said(labels(make_hop, heard)) == wanted


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


def levels(make_hop: MakeHop, values: Sequence[float | None]) -> list[Hop]:
    return [make_hop(None, float(i), level=level) for i, level in enumerate(values)]


def test_loud_is_said_once_and_silence_is_not_loud(make_hop: MakeHop) -> None:
    loud = events(levels(make_hop, [None, -20.0, -3.0, -1.0, -20.0, -1.0]))
    assert [event.event_type for event in loud] == ["loud"]
    assert loud[0].hop.wall_s == 1002.0
    assert loud[0].reason == "level_over_threshold"


def test_loud_is_over_only_under_its_release_level(make_hop: MakeHop) -> None:
    over = [-1.0, *[-5.0] * 4, -1.0, *[-7.0] * 4, -1.0]
    assert len(events(levels(make_hop, over))) == 2  # -5 dBFS between -3 and -6 is still the same noise


def test_a_clipped_window_without_a_label_is_loud(make_hop: MakeHop) -> None:
    hop = make_hop(None, 0.0, level=-0.5)
    clipped = replace(hop, verdict=replace(hop.verdict, reason="clipped", clipped=True))
    decision = Decider(EventConfig()).push(clipped)
    assert [(event.event_type, event.label) for event in decision.events] == [("loud", None)]
    assert decision.detection.reason == "clipped"


def test_each_label_has_its_own_threshold(make_hop: MakeHop) -> None:
    config = EventConfig(labels={"rain": LabelRule(min_confidence=0.8)})
    assert said(labels(make_hop, "rrrr", confidence=0.7), config) == []
    assert said(labels(make_hop, "dddd", confidence=0.7), config) == ["detected dog_bark"]
    assert said(labels(make_hop, "rrrr", confidence=0.8), config) == ["detected rain"]


def test_a_label_stays_on_down_to_its_release(make_hop: MakeHop) -> None:
    sure = [make_hop("rain", float(i), confidence=0.6) for i in range(3)]
    unsure = [make_hop("rain", float(i), confidence=0.45) for i in range(3, 9)]
    lost = [make_hop("rain", float(i), confidence=0.35) for i in range(9, 13)]
    both = events(sure + unsure + lost)
    assert [(event.event_type, event.end_s) for event in both] == [("detected", 1002.0), ("ended", 1008.0)]
    assert said(unsure) == [], "what keeps a label on does not turn it on"


def test_an_abstention_does_not_keep_a_label_on(make_hop: MakeHop) -> None:
    hops = labels(make_hop, "rrr")
    for i in range(3, 7):
        hop = make_hop("rain", float(i))
        hops.append(replace(hop, verdict=replace(hop.verdict, label=None, confidence=0.0, reason="unknown")))
    assert said(hops) == ["detected rain", "ended rain"]


def test_a_cool_down_keeps_the_same_label_quiet_but_no_other(make_hop: MakeHop) -> None:
    config = EventConfig(rule=LabelRule(k=1, n=1, cooldown_s=4.0))
    assert said(labels(make_hop, "r-r-d"), config) == [
        "detected rain",
        "ended rain",
        "detected dog_bark",
    ]
    assert said(labels(make_hop, "r-rrrr"), config)[-1] == "detected rain", "when it is over, what lasts is said"
    assert why(labels(make_hop, "r-rrrr"), config) == [
        "1_of_1_windows", "silence", "cooldown", "cooldown", "cooldown", "1_of_1_windows",
    ]  # fmt: skip


def test_a_cool_down_does_not_see_the_host_clock(make_hop: MakeHop) -> None:
    config = EventConfig(rule=LabelRule(k=1, n=1, cooldown_s=4.0))
    hops = labels(make_hop, "r-r")
    hops[2] = replace(hops[2], wall_s=hops[2].wall_s + 3600)
    assert said(hops, config) == ["detected rain", "ended rain"]


def test_an_alarm_that_a_cool_down_held_back_is_said_when_it_is_over(make_hop: MakeHop) -> None:
    config = EventConfig(rule=LabelRule(n=1, k=1, cooldown_s=3.0))
    hops = [make_hop(None, float(i), flag=i != 1) for i in range(6)]
    assert [event.hop.verdict.start_s for event in events(hops, config)] == [0.0, 3.0]


def test_each_window_says_why_it_did_or_did_not_fire(make_hop: MakeHop) -> None:
    hops = [*labels(make_hop, "-rrrr"), make_hop("dog_bark", 5.0, confidence=0.3)]
    assert why(hops) == [
        "silence", "1_of_2_windows", "2_of_3_windows", "3_of_4_windows", "still_on", "under_min_confidence",
    ]  # fmt: skip
    decider = Decider(EventConfig())
    reasons = [
        (decision.suspicious.reason, decision.loud.reason)
        for decision in map(decider.push, [
            make_hop(level=None, flag=None), make_hop(flag=False, level=-2.0), make_hop(flag=True, level=-4.0),
            make_hop(flag=True, level=-1.0),
        ])
    ]  # fmt: skip
    assert reasons == [
        ("calibration_too_small", "digital_silence"),
        ("suspicion_p_over_threshold", "level_over_threshold"),
        ("suspicion_p_under_threshold", "level_under_threshold"),
        ("still_on", "still_on"),
    ]


def test_new_rules_find_the_label_that_is_on(make_hop: MakeHop) -> None:
    decider = Decider(EventConfig())
    first = [decider.push(hop) for hop in labels(make_hop, "rrr")]
    assert first[-1].current == "rain"
    decider.config = EventConfig(rule=LabelRule(k=1, n=1))
    (ended,) = decider.push(make_hop(None, 3.0)).events
    assert (ended.event_type, ended.label, ended.reason) == ("ended", "rain", "0_of_1_windows")
