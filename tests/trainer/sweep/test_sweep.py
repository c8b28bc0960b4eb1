"""The whole command on a small data set: stopped in the middle, without time, gone on with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from edge.bundle import read_bundle
from tests.tiny import TINY
from trainer.cli import main
from trainer.config import TrainerConfig
from trainer.data import load_dataset
from trainer.fit.rundir import as_toml
from trainer.sweep.outer import Touches
from trainer.sweep.run import CHOSEN, NO_AUTOENCODER, outer_configs
from trainer.sweep.search import OVERALL, Chain

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
BASE = replace(TINY, denoise=replace(TINY.denoise, place="off"))
SPACE = """
margin = 0.0
[[stage]]
name = "front end"
[[stage.candidate]]
name = "floor -45 dB"
enhance.floor_db = 45.0
[[stage]]
name = "codebook"
[[stage.candidate]]
name = "4 words"
codebook.n_words = 4
[[stage.candidate]]
name = "bag of words"
codebook.encoding = "bow"
[[stage]]
name = "references"
[[stage.candidate]]
name = "no SVD"
lowrank.rank = 0
reference = true
"""


@dataclass(frozen=True)
class Workplace:
    folder: Path

    def command(self, out: str, *options: str) -> list[str]:
        words = f"sweep --data sounds --config trainer.toml --space space.toml --jobs 1 --out {out}".split()
        return [sys.executable, "-m", "trainer.cli", *words, *options]

    def start(self, out: str, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(out, *options),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sweep(self, out: str, *options: str) -> tuple[str, dict[str, Any]]:
        with self.start(out, *options) as process:
            stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
        figures: dict[str, Any] = json.loads((self.folder / out / "sweep.json").read_text(encoding="utf-8"))
        return stdout, figures


@pytest.fixture(scope="module")
def work(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "sounds").symlink_to(tiny_dataset)
    (folder / "trainer.toml").write_text(as_toml(BASE.as_dict()), encoding="utf-8")
    (folder / "space.toml").write_text(SPACE, encoding="utf-8")
    return Workplace(folder)


def running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def until(condition: Any, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_without_time_the_base_is_judged(work: Workplace) -> None:
    out, figures = work.sweep("out", "--budget-minutes", "0", "--json", "copy.json")
    assert "not tried" in out
    assert out.endswith("outer folds touched: 1 1 1 (chosen)\n")
    for chain in figures["chains"].values():
        assert [row["score"] for row in chain["rows"]] == [None] * 5
        assert chain["changes"] == {}
    assert list(figures["outer"]) == [CHOSEN]
    assert figures["outer"][CHOSEN]["total"]["clean"]["n"] == 18
    assert TrainerConfig.load(work.folder / "out/trainer.toml") == BASE
    assert json.loads((work.folder / "copy.json").read_text(encoding="utf-8")) == figures
    dataset = load_dataset(work.folder / "sounds")
    for fold in dataset.folds:
        bundle = read_bundle(work.folder / f"out/outer/fold-{fold}/bundle")
        assert bundle.train_clips == {clip.sha256 for clip in dataset.clips if clip.fold != fold}


def test_a_killed_sweep_goes_on_where_it_was(work: Workplace) -> None:
    scores = work.folder / "killed/cache/scores"
    with work.start("killed") as process:
        until(lambda: len(list(scores.glob("*.npz"))) >= 4)
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
    assert workers
    until(lambda: not any(running(int(pid)) for pid in workers))
    assert not (work.folder / "killed/sweep.json").exists()
    kept = {path: path.stat().st_mtime_ns for path in scores.glob("*.npz")}
    n_all = 15

    stdout, figures = work.sweep("killed")
    assert 4 <= len(kept) < n_all
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert stdout.endswith("outer folds touched: 1 1 1 (chosen)\n")
    assert figures["touches"] == {CHOSEN: {"1": 1, "2": 1, "3": 1}}

    # The folder of the test before, with all the time there is: the same choices without having been stopped.
    _, whole = work.sweep("out")
    for name, chain in whole["chains"].items():
        assert chain["changes"] == figures["chains"][name]["changes"]
        assert [row["score"]["criterion"] for row in chain["rows"]] == [
            row["score"]["criterion"] for row in figures["chains"][name]["rows"]
        ]
    # The space was made so that something is better than the base; a fold judged by another choice is touched again.
    changed = {fold: bool(whole["chains"][f"fold {fold}"]["changes"]) for fold in ("1", "2", "3")}
    assert any(changed.values())
    assert whole["touches"] == {CHOSEN: {fold: 1 + new for fold, new in changed.items()}}
    assert whole["outer"] == figures["outer"]

    # And once more: everything is read, nothing is touched.
    stdout, again = work.sweep("out")
    assert again == whole
    check_results(work.folder / "out", whole, stdout)


def check_results(out: Path, figures: dict[str, Any], stdout: str) -> None:
    for name, chain in figures["chains"].items():
        config = TrainerConfig.load(out / ("trainer.toml" if name == "overall" else f"{name.replace(' ', '-')}.toml"))
        flat = {
            f"{s}.{k}": v for s, keys in config.as_dict().items() if isinstance(keys, dict) for k, v in keys.items()
        }
        assert chain["changes"].items() <= flat.items()
        assert [row["candidate"] for row in chain["rows"] if row["reference"] and row["chosen"]] == []
    page = (out / "sweep.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "http" not in page
    assert re.search(r"^front end +floor -45 dB +\d", stdout, re.MULTILINE)
    assert re.search(r"^  clean \| \d+\.\d% of clips \| 95 %: .* n = 18$", stdout, re.MULTILINE)
    assert not list(out.rglob("*.partial"))
    assert not list((out / "cache/descriptors").iterdir())


def test_two_folds_cannot_be_nested(work: Workplace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["sweep", "--data", str(work.folder / "sounds"), "--folds", "1,2", "--out", str(tmp_path / "out")]
    assert main(argv) == 66
    assert "at least 3 folds wanted, for one outer, one inner and one to fit on. Got 2" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_autoencoder_is_left_out_for_comparison_where_there_is_one() -> None:
    chains = {OVERALL: Chain(TINY), 1: Chain(TINY), 2: Chain(BASE)}
    with_it, without = outer_configs(chains, with_reference=True)
    assert with_it == (CHOSEN, {1: TINY, 2: BASE})
    assert without == (NO_AUTOENCODER, {1: BASE, 2: BASE})
    assert list(outer_configs(chains, with_reference=False)) == [with_it]
    assert [what for what, _ in outer_configs({1: Chain(BASE)}, with_reference=True)] == [CHOSEN]


def test_touches_are_counted_by_clips(tiny_dataset: Path, tmp_path: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    touches = Touches(tmp_path / "touches.jsonl")
    assert touches.count(CHOSEN, dataset) == {1: 0, 2: 0, 3: 0}
    touches.add(CHOSEN, dataset.only_folds([2]))
    touches.add(NO_AUTOENCODER, dataset.only_folds([2]))
    fewer = replace(dataset, clips=dataset.clips[:-1])
    touches.add(CHOSEN, fewer.only_folds([3]))
    assert Touches(tmp_path / "touches.jsonl").count(CHOSEN, dataset) == {1: 0, 2: 1, 3: 0}
    assert touches.count(CHOSEN, fewer) == {1: 0, 2: 1, 3: 1}
