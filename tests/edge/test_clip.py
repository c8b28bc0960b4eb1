"""Windows to a clip's verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.clip import verdict_of
from edge.errors import AudioError
from edge.types import Verdict


def window(scores: dict[str, float], suspicion: float = 0.0, p: float = 0.5) -> Verdict:
    label = max(scores, key=scores.__getitem__)
    return Verdict(0.0, label, scores[label], scores, suspicion, p, None, -20.0, clipped=False)


def gated(reason: str) -> Verdict:
    return Verdict(0.0, None, 0.0, {}, None, None, reason, None, clipped=False)


def test_the_label_is_the_largest_mean_probability_not_the_most_votes() -> None:
    clip = verdict_of([window({"a": 0.51, "b": 0.49}), window({"a": 0.51, "b": 0.49}), window({"a": 0.0, "b": 1.0})])
    assert clip.label == "b"
    assert clip.confidence == pytest.approx((0.49 + 0.49 + 1) / 3)
    assert sum(clip.scores.values()) == pytest.approx(1)


def test_gated_windows_are_shown_but_do_not_count() -> None:
    clip = verdict_of([gated("silence"), window({"a": 0.8, "b": 0.2}, 0.3, 0.4), gated("silence")])
    assert (clip.label, clip.confidence, clip.suspicion, clip.suspicion_p) == ("a", 0.8, 0.3, 0.4)
    assert len(clip.windows) == 3


def test_suspicion_is_the_mean_and_p_the_median() -> None:
    clip = verdict_of([window({"a": 1.0}, 0.0, 0.9), window({"a": 1.0}, 0.3, 0.01), window({"a": 1.0}, 0.9, 0.5)])
    assert clip.suspicion == pytest.approx(0.4)
    assert clip.suspicion_p == 0.5


def test_a_clip_of_gated_windows_has_no_label_and_the_commonest_reason() -> None:
    clip = verdict_of([gated("silence"), gated("too_quiet"), gated("too_quiet")])
    assert (clip.label, clip.confidence, clip.scores, clip.suspicion) == (None, 0.0, {}, None)
    assert clip.reason == "too_quiet"


def test_no_window_is_an_error() -> None:
    with pytest.raises(AudioError, match="at least one window wanted"):
        verdict_of([])


def test_a_clip_is_unknown_if_most_of_its_windows_are() -> None:
    known = window({"a": 0.8, "b": 0.2})
    strange = replace(known, label=None, confidence=0.0, reason="unknown", novelty=0.9)
    assert verdict_of([known, strange]).label == "a"
    clip = verdict_of([known, strange, strange, gated("silence")])
    assert (clip.label, clip.reason, clip.confidence, clip.best) == (None, "unknown", 0.0, "a")
    assert clip.scores["a"] == pytest.approx(0.8)
    assert verdict_of(verdict.committed() for verdict in clip.windows).label == "a"
