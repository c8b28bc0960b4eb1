"""The wire form: the contract's keys, nulls, times; no NaN."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edge.bundle import Bundle
from edge.config import SourceConfig
from edge.daemon.events import Event
from edge.daemon.hop import Hop
from edge.daemon.level import Level
from edge.daemon.outbox import Gap
from edge.daemon.wire import Origin, Wire, encode, iso

WIRE = Wire(Origin("shed", "boot", "esc10", "f" * 64))
EVENT_KEYS = """
schema id event_type ts start_ts end_ts node source label confidence scores decision reason suspicion suspicion_p
suspicion_flag far_per_hour rms_dbfs clipped bundle latency_ms lost_ms clock_synced boot_id seq replayed
"""
VERDICT_KEYS = "ts label confidence suspicion suspicion_p suspicion_flag reason rms_dbfs bundle"


def as_sent(value: dict[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(encode(value))
    return sent


def test_times_are_utc_with_milliseconds() -> None:
    assert iso(1767323045.6784) == "2026-01-02T03:04:05.678Z"
    assert iso(1767323045.0) == "2026-01-02T03:04:05.000Z"


def test_a_verdict_has_the_keys_of_the_contract(make_hop: Callable[..., Hop]) -> None:
    sent = as_sent(WIRE.verdict("mic", make_hop("rain")))
    assert set(VERDICT_KEYS.split()) <= set(sent)
    assert (sent["schema"], sent["label"], sent["suspicion"], sent["bundle"]) == (1, "rain", 0.1, "f" * 64)


def test_abstention_is_null_with_a_reason_and_silence_has_no_level(make_hop: Callable[..., Hop]) -> None:
    sent = as_sent(WIRE.verdict("mic", make_hop(None, level=None, flag=None)))
    assert (sent["label"], sent["reason"]) == (None, "silence")
    assert sent["rms_dbfs"] is None
    assert sent["suspicion_flag"] is None


def test_an_event_has_exactly_the_keys_of_the_contract(make_hop: Callable[..., Hop]) -> None:
    event = Event("detected", "rain", 995.0, 1000.0, "3_of_4_windows", make_hop("rain"))
    sent = as_sent(WIRE.event("mic", event, event_id="01J", seq=7, far_per_hour=1.0, clock_synced=None))
    assert list(sent) == EVENT_KEYS.split()
    assert sent["confidence"] == 0.9
    assert sent["bundle"] == {"name": "esc10", "id": "f" * 64}
    assert (sent["seq"], sent["boot_id"], sent["replayed"]) == (7, "boot", False)


def test_the_confidence_of_an_ended_label_is_its_own(make_hop: Callable[..., Hop]) -> None:
    event = Event("ended", "other", 0.0, 1.0, "other_label", make_hop("rain"))
    sent = WIRE.event("mic", event, event_id="", seq=1, far_per_hour=1.0, clock_synced=True)
    assert sent["confidence"] == pytest.approx(0.1)


def test_a_level_of_silence_is_null() -> None:
    sent = as_sent(WIRE.level("mic", Level(None, None), 0.0))
    assert (sent["rms_dbfs"], sent["peak_dbfs"]) == (None, None)


@pytest.mark.parametrize(("previous", "sent"), [(None, None), (("b", 9), {"boot_id": "b", "last_seq": 9})])
def test_info_proves_what_came_before(bundle: Bundle, previous: tuple[str, int] | None, sent: object) -> None:
    info = as_sent(WIRE.info(bundle, [SourceConfig("mic", "USB")], previous, [Gap("b", 2, 4)]))
    assert info["previous"] == sent
    assert info["sources"] == [{"slug": "mic", "device": "USB"}]
    assert info["gaps"] == [{"boot_id": "b", "first_seq": 2, "last_seq": 4}]
    assert info["labels"] == ["loud", "soft"]


def test_a_nan_never_reaches_the_wire() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode({"level": float("nan")})


def test_an_unknown_window_keeps_scores_and_suspicion(make_hop: Callable[..., Hop]) -> None:
    hop = make_hop("rain")
    unknown = replace(hop.verdict, label=None, confidence=0.0, reason="unknown", novelty=0.9)
    sent = as_sent(WIRE.state("mic", replace(hop, verdict=unknown), None))
    assert (sent["label"], sent["reason"], sent["confidence"]) == (None, "unknown", 0.0)
    assert (sent["best"], sent["novelty"], sent["suspicion"]) == ("rain", 0.9, 0.1)
    assert sent["scores"]["rain"] == 0.9
    assert unknown.committed() == replace(hop.verdict, novelty=0.9)
