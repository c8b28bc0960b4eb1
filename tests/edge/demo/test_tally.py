from __future__ import annotations

import json

import numpy as np
import pytest

from edge.demo.programme import PASSAGE_S, Passage
from edge.demo.tally import Heard, as_json, tally

WINDOW_S = 5.0


def heard(start_s: float, label: str | None, suspicion: float | None = 0.5) -> Heard:
    return Heard(start_s, label, 0.9, suspicion, 0.4, None if label else "silence", -20.0)


def passage(number: int, truth: str, kind: str = "clean") -> Passage:
    return Passage(truth, kind, number * PASSAGE_S, np.zeros(0))


def test_only_windows_wholly_inside_count() -> None:
    verdicts = [heard(float(second), "rain" if second <= 2 else "rooster") for second in range(12)]
    first, second = tally([passage(0, "rain"), passage(1, "rain")], verdicts, window_s=WINDOW_S)
    assert [one.start_s for one in first.verdicts] == [0, 1, 2]
    assert [one.start_s for one in second.verdicts] == [7, 8, 9]
    assert (first.recognised, second.recognised) == (True, False)


def test_the_majority_is_the_label() -> None:
    (one,) = tally([passage(0, "rain")], [heard(0, "rain"), heard(1, None), heard(2, "rain")], window_s=WINDOW_S)
    assert one.label == "rain"
    (two,) = tally([passage(0, "rain")], [heard(0, "rain"), heard(1, None), heard(2, None)], window_s=WINDOW_S)
    assert not two.recognised


def test_an_unheard_passage_is_not_recognised() -> None:
    (one,) = tally([passage(0, "rain")], [], window_s=WINDOW_S)
    assert (one.label, one.recognised) == (None, False)
    assert "rain" in one.line()


def test_the_last_line_counts_everything() -> None:
    verdicts = [heard(0, "rain", 0.2), heard(1, None, None), heard(7, "rooster", 0.9), heard(14, "rain", 0.4)]
    passages = [passage(0, "rain"), passage(1, "rain", "attacked"), passage(2, "rain")]
    figures = json.loads(as_json(tally(passages, verdicts, window_s=WINDOW_S), verdicts, 17))
    assert figures == {
        "windows": 4,
        "passages": 3,
        "recognised": 2,
        "suspicion_clean": pytest.approx(0.3),
        "suspicion_attacked": pytest.approx(0.9),
        "messages": 17,
    }


def test_without_passages_all_is_clean() -> None:
    figures = json.loads(as_json([], [heard(0, "rain", 0.2), heard(1, "rain", 0.4)], 3))
    assert figures["suspicion_clean"] == pytest.approx(0.3)
    assert figures["suspicion_attacked"] is None
    assert figures["passages"] == 0


def test_a_verdict_message_is_read_as_the_contract_says() -> None:
    message = {
        "schema": 1,
        "start_s": 3.0,
        "label": None,
        "confidence": 0.0,
        "suspicion": None,
        "suspicion_p": None,
        "reason": "silence",
        "rms_dbfs": None,
        "bundle": "0" * 64,
    }
    assert Heard.of(message) == Heard(3.0, None, 0.0, None, None, "silence", None)
