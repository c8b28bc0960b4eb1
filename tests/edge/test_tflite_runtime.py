"""The older TFLite runtime, in an environment of its own (`make tflite`), against the one in use here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from edge.demo.synth import SOUNDS, imitate

ROOT = Path(__file__).resolve().parent.parent.parent
RATE_HZ = 16000


@pytest.fixture(scope="module")
def older() -> Path:
    python = ROOT / ".venv-tflite" / "bin" / "python"
    if not python.is_file():
        pytest.skip("an environment .venv-tflite wanted (make tflite, Python 3.11). Got none.")
    return python


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The demo's imitations; what is said of them does not matter here, only that both say the same."""
    folder = tmp_path_factory.mktemp("sounds")
    for label in SOUNDS:
        soundfile.write(folder / f"{label}.wav", imitate(label, n=7 * RATE_HZ, rate_hz=RATE_HZ, seed=1), RATE_HZ)
    return sorted(folder.iterdir())


def edge(python: Path, runtime: str, *args: str) -> str:
    return subprocess.run(
        [python, "-m", "edge.cli", *args],
        cwd=ROOT,
        env=os.environ | {"TYMPAN_TFLITE_RUNTIME": runtime},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout


def test_the_environment_has_numpy_1_and_the_runtime(older: Path) -> None:
    program = "import numpy, tflite_runtime; print(numpy.__version__.split('.')[0])"
    assert subprocess.run([older, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "1"


def test_the_golden_windows_replay(older: Path, reference_bundle: Path) -> None:
    edge(older, "tflite_runtime", "check", "--bundle", str(reference_bundle))


def test_both_runtimes_give_the_same_labels(older: Path, reference_bundle: Path, sounds: list[Path]) -> None:
    args = ["classify", *map(str, sounds), "--bundle", str(reference_bundle), "--json"]
    here = [json.loads(line) for line in edge(Path(sys.executable), "ai_edge_litert", *args).splitlines()]
    there = [json.loads(line) for line in edge(older, "tflite_runtime", *args).splitlines()]
    assert len(here) == len(sounds)
    assert [verdict["label"] for verdict in there] == [verdict["label"] for verdict in here]
    for one, other in zip(here, there, strict=True):
        assert other["scores"] == pytest.approx(one["scores"], abs=0.1)
