"""From answers to figures: who is ahead, by how much, and which gates hold."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from trainer.compare.picture import spread
from trainer.compare.report import comparison_text, write_comparison
from trainer.compare.results import NOISY, figures_of
from trainer.compare.task import CLEAN, FoldResult, Told

CONDITIONS = (CLEAN, "white noise at 20 dB", NOISY)
MADE_UP = {"conditions": list(CONDITIONS), "folds": [1, 2], "n_clips": 40, "data_sha256": "ab", "seed": 0}


def told(n_right: dict[str, int], n: int) -> tuple[Told, ...]:
    """The first clips are right."""
    rows = []
    for i in range(n):
        said: dict[str, str | None] = {name: "rain" if i < k else "dog" for name, k in n_right.items()}
        rows.append(Told(file=f"{i}.wav", label="rain", said=said))
    return tuple(rows)


def folds(system: str, clean: int, noisy: int) -> list[FoldResult]:
    """Two folds of 20 clips."""
    right = {CLEAN: clean, "white noise at 20 dB": clean, NOISY: noisy}
    return [FoldResult("k", system, fold, 100 + fold, 1000, 1.0, told(right, 20)) for fold in (1, 2)]


def figures(cnn_clean: int = 19, cnn_noisy: int = 10) -> dict[str, Any]:
    results = {
        "full": folds("full", 18, 17),
        "cnn_logmel": folds("cnn_logmel", cnn_clean, cnn_noisy),
        "cnn_logmel_noise": folds("cnn_logmel_noise", 18, 18),
    }
    cost = {"full": 2.0, "cnn_logmel": 0.5, "cnn_logmel_noise": 0.5}
    return figures_of(results, CONDITIONS, cost) | MADE_UP | {"command": "trainer compare"}


def passed(found: dict[str, Any]) -> list[bool | None]:
    return [gate["passed"] for gate in found["gates"]]


def test_table_by_hand() -> None:
    found = figures()
    full, cnn = found["systems"]["full"], found["systems"]["cnn_logmel"]
    assert full["conditions"][CLEAN]["accuracy"] == 36 / 40
    assert full["per_fold"]["2"]["n"] == 20
    assert full["against_full"] is None
    assert full["robust"] is None
    assert full["n_parameters"] == round((101 + 102) / 2)
    # On clean clips the network alone is right on one clip a fold, under noise the pipeline alone on seven.
    assert cnn["against_full"][CLEAN]["mcnemar"] == {"n10": 0, "n01": 2, "p": 0.5}
    assert cnn["against_full"][CLEAN]["points"]["value"] == pytest.approx(-5.0)
    noisy = cnn["against_full"][NOISY]
    assert (noisy["mcnemar"]["n10"], noisy["mcnemar"]["n01"]) == (14, 0)
    assert noisy["mcnemar"]["p"] == pytest.approx(2 * 0.5**14)
    low, high = noisy["points"]["ci95"]
    assert low < noisy["points"]["value"] < high
    assert noisy["points"]["value"] == pytest.approx(35.0)


def test_gates() -> None:
    assert passed(figures()) == [True, True, True, None]
    # A weak network: the whole comparison is void, and says so first.
    assert passed(figures(cnn_clean=17)) == [False, True, True, None]
    assert "VOID" in comparison_text(figures(cnn_clean=17))
    assert "VOID" not in comparison_text(figures())
    assert passed(figures(cnn_noisy=15)) == [True, True, False, None]
    alone = figures_of({"full": folds("full", 18, 17)}, CONDITIONS, {"full": 2.0})
    assert passed(alone) == [None, None, None]


def test_behind_needs_evidence() -> None:
    results = {"full": folds("full", 10, 10), "cnn_logmel": folds("cnn_logmel", 19, 2)}
    found = figures_of(results, CONDITIONS, {"full": 1.0, "cnn_logmel": 1.0})
    assert passed(found) == [True, False, True]


def test_table_page_and_picture_are_written(tmp_path: Path) -> None:
    found = figures()
    before = copy.deepcopy(found)
    paths = write_comparison(found, tmp_path / "out")
    assert [path.name for path in paths] == ["compare.json", "compare.png", "compare.html"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in paths)
    assert found == before
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    page = paths[2].read_text(encoding="utf-8")
    assert page.count("<table>") == 3
    assert "95.0 %\n(83.1-99.4)" in page
    assert "<script" not in page
    text = comparison_text(found)
    (row,) = [line for line in text.splitlines() if line.startswith("cnn_logmel ")]
    assert "-5.0 (-12.5 to +0.0) p=0.5" in row
    assert row.endswith("–")


def test_labels_keep_their_distance_and_their_order() -> None:
    crowd = spread([0.5, 0.9, 0.9, 0.91], 0.05, (0.0, 1.0))
    assert crowd[0] == 0.5
    assert sum(crowd[1:]) / 3 == pytest.approx((0.9 + 0.9 + 0.91) / 3)
    assert all(b - a >= 0.05 - 1e-9 for a, b in pairwise(crowd))
    assert max(spread([0.99] * 5, 0.05, (0.0, 1.0))) <= 1.0
    assert min(spread([0.01] * 5, 0.05, (0.0, 1.0))) >= 0.0
