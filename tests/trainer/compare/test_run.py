"""The command as it is used: stopped, gone on with, read again; and never a clip on both sides."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tiny import LABELS, TINY
from trainer.compare.run import compare
from trainer.compare.task import CLEAN, Task
from trainer.data import check_apart, load_dataset
from trainer.errors import TrainClipsError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
CONFIG = """
[scalogram]
window_s = 2.0
hop_s = 0.5
n_bands = 64
"""
SYSTEMS = ("svm_logmel", "forest_logmel")


def start(folder: Path, dataset: Path, *options: str) -> subprocess.Popen[str]:
    (folder / "trainer.toml").write_text(CONFIG, encoding="utf-8")
    program = (
        "import sys\nfrom trainer.cli import main\ncode = main()\n"
        "print('loaded' if 'tensorflow' in sys.modules else 'not loaded', file=sys.stderr)\nsys.exit(code)\n"
    )
    # A file and not `-c`: the workers import the main module again.
    (folder / "program.py").write_text(f"if __name__ == '__main__':\n    {program.replace(chr(10), chr(10) + '    ')}")
    argv = ["compare", "--data", str(dataset), "--out", "out", "--config", "trainer.toml", "--jobs", "2", *options]
    return subprocess.Popen(
        [sys.executable, "program.py", *argv, "--systems", *SYSTEMS],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_gone_on_with_and_read_again(tiny_dataset: Path, tmp_path: Path) -> None:
    first = start(tmp_path, tiny_dataset)
    deadline = time.monotonic() + 120
    while not (finished := sorted((tmp_path / "out").rglob("fold-*.json"))):
        assert time.monotonic() < deadline
        assert first.poll() is None, first.communicate()[1]
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)  # Ends only when no worker holds the pipes any more.
    kept = {path: path.stat().st_mtime_ns for path in finished}
    second = start(tmp_path, tiny_dataset)
    out, err = second.communicate(timeout=240)
    assert second.returncode == 0, err
    assert {path: path.stat().st_mtime_ns for path in finished} == kept
    found = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert list(found["systems"]) == list(SYSTEMS)
    assert found["n_clips"] == 18
    for name in SYSTEMS:
        assert name in out
        assert found["systems"][name]["conditions"][CLEAN]["n"] == 18
        assert found["systems"][name]["conditions"][CLEAN]["accuracy"] > 1 / len(LABELS)
        assert found["systems"][name]["ms_per_s"] > 0
    third = start(tmp_path, tiny_dataset, "--json", "-")
    again, err = third.communicate(timeout=240)
    assert "6 of 6 results are there already" in err
    assert err.endswith("not loaded\n"), "reading results needs no TensorFlow"
    timed = {"ms_per_s"}
    rows = json.loads(again)["systems"]
    for name, row in rows.items():
        assert {k: v for k, v in row.items() if k not in timed} == {
            k: v for k, v in found["systems"][name].items() if k not in timed
        }


def test_conditions_are_added_without_another_fit(tiny_dataset: Path, tmp_path: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    task = Task("svm_logmel", 1, dataset, TINY, tmp_path, None, ("white noise at 10 dB",))
    before = task()
    arrays = (task.folder / "arrays.npz").stat().st_mtime_ns
    wider = Task("svm_logmel", 1, dataset, TINY, tmp_path, None, ("white noise at 10 dB", "test rooms"))
    assert wider.finished() is None
    after = wider()
    assert (task.folder / "arrays.npz").stat().st_mtime_ns == arrays
    assert after.fit_s == before.fit_s
    assert [set(row.said) for row in after.told] == [{CLEAN, "white noise at 10 dB", "test rooms"}] * 6
    assert [row.said[CLEAN] for row in after.told] == [row.said[CLEAN] for row in before.told]
    assert wider.finished() == after
    assert Task("svm_logmel", 1, dataset, TINY.with_seed(1), tmp_path, None, ()).finished() is None


def test_only_the_full_pipeline_is_taken_from_elsewhere(tiny_dataset: Path, tmp_path: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    tasks = [Task(name, 2, dataset, TINY, tmp_path / "out", tmp_path / "lofo", ()) for name in ("full", "bow")]
    assert [task.folder for task in tasks] == [tmp_path / "lofo" / "fold-2", tmp_path / "out" / "bow" / "fold-2"]
    assert {task.file.parent.parent for task in tasks} == {tmp_path / "out"}


def test_one_file_in_two_folds_is_refused(tiny_dataset: Path, tmp_path: Path) -> None:
    root = tmp_path / "sounds"
    shutil.copytree(tiny_dataset, root)
    shutil.copyfile(root / "001 - Hiss" / "1-10-A.wav", root / "001 - Hiss" / "2-999-A.wav")
    with pytest.raises(TrainClipsError, match=r"Got 1 training clips of 6, first 1-10-A.wav"):
        compare(load_dataset(root), TINY, tmp_path / "out", systems=SYSTEMS, bundles=None, all_conditions=False, jobs=1)
    assert not (tmp_path / "out").exists()


def test_training_clips_are_refused(tiny_dataset: Path) -> None:
    clips = load_dataset(tiny_dataset).clips
    check_apart({clips[0].sha256}, clips[1:], "here")
    with pytest.raises(TrainClipsError, match="here: clips that were not fitted on wanted"):
        check_apart({clips[0].sha256}, clips, "here")
