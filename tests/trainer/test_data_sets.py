"""Other sounds than ESC-10's, and not a parameter touched: short clips, other rates, rare classes, strange voices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.layouts import write_fsdd, write_speech_commands, write_urban

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def trainer(folder: Path, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "trainer.cli", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures_of(folder: Path, *, fit: str, held_out: str) -> dict[str, object]:
    """Fit with the built-in configuration, export, and score on folds that were not fitted on."""
    trainer(folder, "fit", "--data", "sounds", "--folds", fit, "--out", "run")
    trainer(folder, "export", "run", "--target", "tflite", "--out", "bundle")
    out = trainer(folder, "evaluate", "bundle", "--data", "sounds", "--folds", held_out, "--json", "-")
    figures: dict[str, object] = json.loads(out)
    print(folder.name, figures["clips"], figures["per_class"])
    return figures


def accuracy(figures: dict[str, object]) -> float:
    clips = figures["clips"]
    assert isinstance(clips, dict)
    assert clips["abstained"] == 0
    return float(clips["accuracy"])


def test_spoken_digits_of_a_voice_never_heard(tmp_path: Path) -> None:
    # Clips of 0.15 to 0.6 s at 8 kHz fill a tenth of the window; digit 3 is three times as rare as the others.
    write_fsdd(tmp_path / "sounds", n_takes=3, takes_of={3: 1})
    assert accuracy(figures_of(tmp_path, fit="1,2,3,4", held_out="5,6")) >= 0.8


def test_speech_commands_of_the_testing_list(tmp_path: Path) -> None:
    write_speech_commands(tmp_path / "sounds")
    assert accuracy(figures_of(tmp_path, fit="1,2", held_out="3")) >= 0.8


def test_urbansound8k_of_the_smallest_size(tmp_path: Path) -> None:
    # Two slices a class are the least that can be fitted on.
    write_urban(tmp_path / "sounds")
    assert accuracy(figures_of(tmp_path, fit="1", held_out="2,3")) >= 0.8
