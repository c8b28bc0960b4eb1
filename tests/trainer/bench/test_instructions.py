"""With a program in valgrind's place that knows what it will say; the real one takes minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.bench.instructions import collected, count_instructions, hops_of
from trainer.bench.streams import BUSY
from trainer.bench.variants import VARIANTS, Prepared
from trainer.errors import TrainerError

NOWHERE = Prepared(Path("bundle"), Path("folder"))


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    program = folder / "valgrind"
    program.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_valgrind_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    figures = count_instructions(NOWHERE, 5.0)
    assert figures["per_s"] == {}
    assert figures["skipped"] == "valgrind wanted to count instructions. Got no such program instead."


def test_the_start_is_not_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, 'echo "==7== Collected : $((9000000 + 600 * ${@: -1}))" >&2')
    figures = count_instructions(NOWHERE, 5.0)
    assert figures["skipped"] is None
    assert figures["per_s"] == pytest.approx(
        {variant.name: 600 / variant.hop_s for variant in VARIANTS if variant.counted}
    )


def test_a_run_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "echo no such bundle >&2; exit 3")
    with pytest.raises(TrainerError, match=r"wanted\. Got exit code 3: \['no such bundle'\]"):
        count_instructions(NOWHERE, 5.0)


def test_a_report_without_a_total_is_an_error() -> None:
    assert collected("==1== Events    : Ir\n==1== Collected : 123\n") == 123
    with pytest.raises(TrainerError, match="callgrind's total wanted"):
        collected("==1== Events    : Ir\n")


def test_both_lengths_are_beyond_the_first_window() -> None:
    for variant in VARIANTS:
        short, long = hops_of(variant, 5.0)
        assert short * variant.hop_s > 5.0
        assert long - short == (10 if variant.stream == BUSY else 60 / variant.hop_s)
