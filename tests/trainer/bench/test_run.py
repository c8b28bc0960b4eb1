"""The command, whole: on the tiny bundle, with few repetitions and without valgrind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainer.bench import daemon
from trainer.bench.variants import VARIANTS, WAYS
from trainer.cli import main


def test_a_missing_bundle_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 65
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_history_that_is_none_stops_it_before_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "history.jsonl").write_text("a shopping list\n", encoding="utf-8")
    assert main(["bench", str(tmp_path / "none"), "--history", str(tmp_path / "history.jsonl")]) == 78
    assert "history.jsonl: a history of `trainer bench` wanted." in capsys.readouterr().err


@pytest.mark.parametrize("rounds", ["0", "-1", "many"])
def test_rounds_are_counted_from_1(rounds: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "bundle", "--rounds", rounds])
    assert caught.value.code == 2


@pytest.mark.slow
def test_the_whole_command(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(daemon, "N_STARTS", 1)
    monkeypatch.setattr(daemon, "N_SLOPES", 1)
    monkeypatch.setattr(daemon, "LONG_S", 120)
    monkeypatch.setenv("PATH", "/nowhere")
    out, copy = tmp_path / "out", tmp_path / "copy.json"
    assert main(["bench", str(tiny_bundle), "--out", str(out), "--rounds", "1", "--json", str(copy)]) == 0
    figures = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    assert figures == json.loads(copy.read_text(encoding="utf-8"))
    assert set(figures) == {
        "batches", "boards", "bundle", "command", "daemon", "date", "full", "instructions", "machine", "models",
        "n_rounds", "slow_down", "sources", "stages_ms", "targets", "variants", "version", "ways", "yamnet_multiplies",
    }  # fmt: skip
    assert set(figures["variants"]) == {variant.name for variant in VARIANTS}
    for row in figures["variants"].values():
        assert set(row) == {"system", "hop_s", "stream", "median", "min"}
        assert 0 < row["min"] <= row["median"]
    assert {"scalogram", "lowrank", "denoise", "surf", "codebook", "svm"} <= set(figures["stages_ms"])
    assert set(figures["batches"]) == set(figures["ways"]) == {way.name for way in WAYS}
    assert list(figures["sources"]["ms_per_s"]) == ["1", "2", "4", "8"]
    assert figures["instructions"]["skipped"] == "valgrind wanted to count instructions. Got no such program instead."
    assert 20 < figures["daemon"]["rss_mb"] <= figures["daemon"]["peak_mb"]
    assert figures["daemon"]["cpu_ms_per_s"] > 0
    assert figures["slow_down"] is None
    assert (out / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert len((out / "history.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert (out / "bench.md").read_text(encoding="utf-8").strip() in capsys.readouterr().out
