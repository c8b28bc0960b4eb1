"""Who is asked what: the judges only count, their times are not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle import Bundle, read_bundle
from edge.pipeline import Pipeline
from edge.types import Verdict, Window
from trainer.bench import growth
from trainer.bench.growth import SOURCES, measure_batches, measure_sources
from trainer.bench.streams import BUSY, make_streams
from trainer.bench.variants import Judge, Way


@pytest.fixture
def bundle(tiny_bundle: Path) -> Bundle:
    return read_bundle(tiny_bundle)


class Counting:
    """A way that notes the windows of every judge that it makes."""

    def __init__(self) -> None:
        self.heard: list[list[float]] = []
        self.way = Way("counting", "", self.make)

    def make(self, pipeline: Pipeline) -> Judge:
        starts: list[float] = []
        self.heard.append(starts)

        def judge(window: Window) -> Verdict:
            starts.append(window.start_s)
            return pipeline.gated(window, pipeline.gate(window))

        return judge


def test_a_batch_is_16_windows_in_their_order_and_nothing_is_kept(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    monkeypatch.setattr(growth, "WAYS", (counting.way,))
    row = measure_batches(bundle, make_streams(bundle.rate_hz)[BUSY], 2)["counting"]
    # Two rounds, and one before them that is not counted.
    assert counting.heard == 3 * [[0.0], [float(second) for second in range(16)]]
    assert row["ratio"] == row["16"]["median"] / row["1"]["median"]


def test_every_source_has_a_judge_of_its_own_and_as_many_windows(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    monkeypatch.setattr(growth, "UNGATED", counting.way)
    figures = measure_sources(bundle, make_streams(bundle.rate_hz)[BUSY], 1)
    assert [int(n) for n in figures["ms_per_s"]] == list(SOURCES)
    # The first window, and four seconds in each of two rounds.
    assert counting.heard == sum(SOURCES) * [[float(second) for second in range(9)]]
    first, last = (figures["ms_per_s"][str(n)]["median"] / n for n in (1, 8))
    assert figures["last_against_first"] == pytest.approx(last / first)
