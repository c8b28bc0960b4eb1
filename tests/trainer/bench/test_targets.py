from __future__ import annotations

import pytest

from tests.trainer.bench.figures import made_up
from trainer.bench.boards import BOARDS, MOBILENET_MULTIPLIES
from trainer.bench.targets import FULL, YAMNET, YAMNET_INT8
from trainer.bench.yamnet import multiplies

TIME = "full pipeline, hop 1 s, against YAMNet float32: time"
INT8 = "full pipeline against YAMNet int8: time"
MEL = "log_mel 0.96 s"


def by_what(**given: dict[str, float]) -> dict[str, tuple[str | None, bool | None]]:
    return {row["what"]: (row["got"], row["met"]) for row in made_up(**given)["targets"]}


@pytest.mark.parametrize(("ours_ms", "met"), [(1.0, True), (1.1, True), (1.2, False)])
def test_a_limit_may_be_reached(ours_ms: float, met: bool) -> None:  # noqa: FBT001 - a case of the table
    assert by_what(ms={FULL: ours_ms, YAMNET: 2.0})[TIME] == (f"{ours_ms / 2:.2f}", met)


@pytest.mark.parametrize(("ours_ms", "met"), [(1.9, True), (2.0, False)])
def test_a_strict_limit_may_not(ours_ms: float, met: bool) -> None:  # noqa: FBT001 - a case of the table
    assert by_what(ms={FULL: ours_ms, YAMNET_INT8: 2.0})[INT8] == (f"{ours_ms / 2:.2f}", met)


def test_instructions_without_valgrind_are_neither_met_nor_missed() -> None:
    assert by_what()["the same: instructions"] == (None, None)
    assert by_what(per_s={FULL: 5e6, YAMNET: 20e6, MEL: 4e6})["the same: instructions"] == ("0.25", True)


def test_the_daemon_s_and_growth_s_targets() -> None:
    rows = by_what()
    assert rows["daemon process: resident memory"] == ("81 MB", False)
    assert rows["daemon process: start to first verdict"] == ("0.50 s", True)
    assert rows["a batch of 16 windows against one"] == ("9.0", False)
    assert rows["cost of a source, 8 of them against 1"] == ("1.06", True)
    assert rows["daemon's slope against the pipeline's figure"] == ("1.10", True)
    assert rows["memory after 330 s of sound against 30 s"] == ("+0.5 MB", True)


def test_boards_are_scaled_by_both_ratios() -> None:
    figures = made_up(ms={FULL: 3.0, YAMNET: 2.0, MEL: 0.5}, per_s={FULL: 8e6, YAMNET: 20e6, MEL: 4e6})
    assert figures["boards"]["ratios"] == [2.0, 0.5]
    for board, row in zip(BOARDS, figures["boards"]["boards"], strict=True):
        yamnet_ms = board.mobilenet_ms * multiplies() / MOBILENET_MULTIPLIES / 0.96
        assert row["yamnet_ms_per_s"] == pytest.approx(yamnet_ms)
        assert row["ours_ms_per_s"] == pytest.approx([0.5 * yamnet_ms, 2 * yamnet_ms])
