"""What counts as the same on two machines, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploy.arm64.checks import read_junit
from deploy.arm64.report import render
from deploy.arm64.tools import ToolError
from deploy.arm64.verdicts import compare_verdicts

TOLERANCE = {"probabilities": 0.1, "suspicion": 0.05, "novelty": 0.1}
SAID: dict[str, Any] = {
    "start_s": 1.0,
    "label": "rain",
    "best": "rain",
    "reason": None,
    "suspicion_flag": None,
    "confidence": 0.9,
    "suspicion": 0.2,
    "novelty": 0.3,
}
JUDGED = ("label", "best", "confidence", "suspicion", "novelty")
SILENT: dict[str, Any] = SAID | dict.fromkeys(JUDGED) | {"reason": "silence"}
JUNIT = """<testsuites><testsuite tests="4" skipped="1" failures="1" errors="1">
<testcase classname="tests.a" name="test_good"/><testcase classname="tests.a" name="test_left"><skipped/></testcase>
<testcase classname="tests.a" name="test_bad"><failure/></testcase>
<testcase classname="tests.b" name="test_broken"><error/></testcase></testsuite></testsuites>"""


def test_equal_labels_and_close_values_are_the_same() -> None:
    found = compare_verdicts([SAID, SILENT], [SAID | {"confidence": 0.85}, SILENT], TOLERANCE)
    assert found.holds
    assert (found.n_verdicts, found.n_labelled) == (2, 1)
    assert found.deviation == pytest.approx({"confidence": 0.05, "suspicion": 0.0, "novelty": 0.0})


@pytest.mark.parametrize("name", ["confidence", "suspicion", "novelty"])
def test_a_value_beyond_its_tolerance_is_not(name: str) -> None:
    assert not compare_verdicts([SAID], [SAID | {name: SAID[name] + 0.11}], TOLERANCE).holds


@pytest.mark.parametrize(("name", "other"), [("label", "sea_waves"), ("reason", "unknown"), ("start_s", 2.0)])
def test_another_label_is_not_and_is_told(name: str, other: object) -> None:
    found = compare_verdicts([SAID], [SAID | {name: other}], TOLERANCE)
    assert not found.holds
    assert found.different == [f"1 s: {name} {SAID[name]} wanted. Got {other} instead."]


def test_a_bundle_without_novelty_is_compared_by_the_rest() -> None:
    found = compare_verdicts([SAID], [SAID], {"probabilities": 0.1, "suspicion": 0.05})
    assert set(found.deviation) == {"confidence", "suspicion"}
    assert not replace(found, deviation={"confidence": 0.2}).holds


@pytest.mark.parametrize(("wanted", "got"), [([SAID], []), ([SAID], [SAID, SAID]), ([], [])])
def test_lists_that_do_not_match_are_an_error(wanted: list[dict[str, Any]], got: list[dict[str, Any]]) -> None:
    with pytest.raises(ToolError, match=r"verdicts wanted\. Got"):
        compare_verdicts(wanted, got, TOLERANCE)


def test_outcomes_are_read_from_the_report() -> None:
    failed = ["tests.a::test_bad", "tests.b::test_broken"]
    assert read_junit(JUNIT) == {"n_passed": 1, "n_failed": 2, "n_skipped": 1, "failed": failed}
    with pytest.raises(ToolError, match="a report with a testsuite wanted"):
        read_junit("<other/>")


def test_the_table_shows_failures_with_their_reason() -> None:
    tests = {"n_passed": 5, "n_failed": 1, "n_skipped": 0, "failed": ["a::b"], "left_out": [], "holds": False}
    steps = {"golden": {"holds": False, "error": "exit code 0 wanted.\nGot 65 instead."}, "tests": tests}
    text = render({"cpu": "cortex-a53", "qemu": "qemu-aarch64 version 7.2.0", "steps": steps})
    assert "golden: FAILED\n  exit code 0 wanted.\n  Got 65 instead.\n" in text
    assert "5 passed, 1 failed, 0 skipped\n  failed: a::b" in text


def test_the_table_shows_instructions_in_millions() -> None:
    counted = {"per_s": {"plain 1 s": 1.84e7}, "ratio": {"plain": 0.65}, "against": "yamnet_f32 0.96 s", "holds": True}
    text = render({"cpu": "cortex-a53", "qemu": "", "steps": {"instructions": counted}})
    assert "18.40" in text
    assert "plain against yamnet_f32 0.96 s: 0.65" in text
