from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from tests.trainer.bench.figures import made_up
from trainer.bench.history import append, entry_of, read_history, slow_down
from trainer.bench.targets import FULL, YAMNET


def entry(ratio: float, cpu: str = "made up") -> dict[str, object]:
    return entry_of(made_up(ms={FULL: ratio, YAMNET: 1.0})) | {"cpu": cpu}


def test_entries_come_back_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    assert read_history(path) == []
    for ratio in (1.0, 2.0):
        append(path, entry(ratio))
    found = read_history(path)
    assert [row["ratios"]["time_yamnet_f32"] for row in found] == [1.0, 2.0]
    assert set(found[0]) == {"date", "version", "bundle", "cpu", "ratios"}
    # A cell without figure is kept as such.
    assert found[0]["ratios"]["instructions_yamnet_f32"] is None


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([], 2.0, False),
        ([1.0], 1.14, False),
        ([1.0], 1.16, True),
        ([1.0], 0.5, False),
        ([1.0, 2.0], 2.1, False),  # only the last one counts
        ([2.0, 1.0], 2.1, True),
    ],
)
def test_a_slow_down_is_said(before: list[float], now: float, said: bool) -> None:  # noqa: FBT001 - a case of the table
    sentence = slow_down([entry(ratio) for ratio in before], entry(now))
    assert (sentence is not None) is said
    if sentence is not None:
        assert f"time_yamnet_f32 {now:.2f} instead of {before[-1]:.2f} on 2026-01-02T03:04:05Z" in sentence


def test_another_processor_is_another_history() -> None:
    assert slow_down([entry(1.0, cpu="another")], entry(2.0)) is None
    assert slow_down([entry(1.0), entry(5.0, cpu="another")], entry(2.0)) is not None


@pytest.mark.parametrize("text", ["no json\n", "[]\n", '{"cpu": "c"}\n', '{"cpu": "c", "date": "d", "ratios": 1}\n'])
def test_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"history.jsonl: a history of `trainer bench` wanted\. Got: "):
        read_history(path)
