"""The whole command on a small data set: fit, export, evaluate, inspect, attack, leave one fold out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.trainer.sounds import write_tone

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
name = "tones"
[scalogram]
window_s = 1.0
hop_s = 0.5
[denoise]
epochs = 1
width = 8
depth = 1
[augment]
n_noisy = 1
n_noisy_classify = 1
[codebook]
n_words = 8
"""


@dataclass(frozen=True)
class Workplace:
    folder: Path
    """Holds sounds/, trainer.toml, and the run and bundle fitted on folds 1-3"""

    def trainer(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "trainer.cli", *argv],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def right(self, *argv: str) -> str:
        done = self.trainer(*argv)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    folder = tmp_path_factory.mktemp("work")
    for fold in range(1, 5):
        for i in range(2):
            write_tone(folder / f"sounds/1 Low/{fold}-{10 * fold + i}-A.wav", hertz=300, seed=10 * fold + i)
            write_tone(folder / f"sounds/2 High/{fold}-{900 + 10 * fold + i}-A.wav", hertz=1200, seed=90 * fold + i)
    (folder / "trainer.toml").write_text(CONFIG, encoding="utf-8")
    place = Workplace(folder)
    place.right("fit", "--data", "sounds", "--out", "run", "--config", "trainer.toml", "--folds", "1,2,3")
    assert place.right("export", "run", "--target", "tflite", "--out", "bundle") == "bundle\n"
    return place


def test_unknown_target_lists_the_known(work: Workplace) -> None:
    done = work.trainer("export", "run", "--target", "onnx", "--out", "other")
    assert done.returncode == 78
    assert "--target must be one of tflite. Got onnx instead." in done.stderr
    assert not (work.folder / "other").exists()


def test_held_out_figures(work: Workplace) -> None:
    argv = ("evaluate", "bundle", "--data", "sounds", "--folds", "4", "--stages", "--run", "run")
    out = work.right(*argv, "--json", "out/e.json", "--report", "out/report")
    assert out.startswith("clips")
    figures = json.loads((work.folder / "out/e.json").read_text(encoding="utf-8"))
    assert figures["clips"]["n"] == 4
    assert figures["clips"]["accuracy"] == 1.0
    assert figures["command"] == f"trainer {' '.join(argv)} --json out/e.json --report out/report"
    assert figures["stages"]["int8_against_float"]["n"] == 4
    assert figures["stages"]["svm"]["kernel"]["accuracy"] == 1.0
    assert (work.folder / "out/report/index.html").stat().st_size > 10_000
    assert sorted(path.name for path in (work.folder / "out").iterdir()) == ["e.json", "report"]


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "with denoiser.tflite, wanted"), (b"x", "Got another run instead")]
)
def test_stages_want_the_run_of_the_bundle(
    work: Workplace, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "denoiser.tflite").write_bytes(content)
    done = work.trainer("evaluate", "bundle", "--data", "sounds", "--folds", "4", "--stages", "--run", str(tmp_path))
    assert done.returncode == 78
    assert sentence in done.stderr


def test_training_clips_are_refused_then_marked(work: Workplace) -> None:
    refused = work.trainer("evaluate", "bundle", "--data", "sounds", "--json", "never.json")
    assert refused.returncode == 65
    assert "Got 12 training clips of 16" in refused.stderr
    assert not (work.folder / "never.json").exists()
    refused = work.trainer("attack", "bundle", "--data", "sounds", "--folds", "3")
    assert refused.returncode == 65
    out = work.right("evaluate", "bundle", "--data", "sounds", "--allow-train-clips", "--json", "-")
    assert json.loads(out)["train_clips"] is True


def test_evaluation_never_loads_tensorflow(work: Workplace) -> None:
    script = (
        "import sys; from trainer.cli import main; "
        "code = main(['evaluate', 'bundle', '--data', 'sounds', '--folds', '4', '--json', 'quick.json']); "
        "print(code, sorted({'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=work.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.endswith("0 []\n")


def test_inspect(work: Workplace) -> None:
    text = work.right("inspect", "bundle")
    for word in ("tones", "high, low", "12 clips", "lowrank", "codebook.words", "arrays.npz"):
        assert word in text
    found = json.loads(work.right("inspect", "bundle", "--json"))
    assert found["trained_on"]["n_clips"] == 12
    assert found["bytes"] == sum(path.stat().st_size for path in (work.folder / "bundle").iterdir())


def test_attack(work: Workplace) -> None:
    argv = ("attack", "bundle", "--data", "sounds", "--folds", "4", "--snr-db", "10", "--seed", "1")
    done = work.trainer(*argv, "--json", "attack.json", "--out", "attack")
    # Two pure tones may be too easy to attack or too hard; either way the figures are there and say so.
    assert done.returncode in (0, 70), done.stderr
    figures = json.loads((work.folder / "attack.json").read_text(encoding="utf-8"))
    assert all(gate["passed"] for gate in figures["gates"].values()) == (done.returncode == 0)
    (transfer,) = figures["transfer"]
    assert transfer["surrogate_folds"] == [1, 2, 3]
    assert transfer["snr_db"]["max"] == pytest.approx(10.0, abs=0.01)
    assert transfer["attack"].startswith("Pgd(budget=Snr(db=10.0), seed=1,")
    assert transfer["random_twin"]["draws"] == 20
    assert json.loads((work.folder / "attack/attack.json").read_text(encoding="utf-8")) == figures
    assert len(list((work.folder / "attack/clips").glob("*/*.wav"))) == 4
    both = work.trainer(*argv, "--surrogate-folds", "3,4")
    assert both.returncode == 78
    assert "--surrogate-folds must name folds that are not attacked. Got 4 instead." in both.stderr


def test_attacks_that_know_the_bundle_and_that_ask_it(work: Workplace) -> None:
    argv = ("attack", "bundle", "--data", "sounds", "--folds", "4", "--snr-db", "20", "0", "--clips", "2")
    done = work.trainer(*argv, "--attack", "fgsm", "square", "--queries", "10", "--out", "lab")
    assert done.returncode in (0, 70), done.stderr
    figures = json.loads((work.folder / "lab/attack.json").read_text(encoding="utf-8"))
    assert figures["clean"]["n"] == 2
    assert [(row["name"], row["snr_db"]) for row in figures["attacks"]] == [
        ("fgsm", 20.0),
        ("square", 20.0),
        ("fgsm", 0.0),
        ("square", 0.0),
    ]
    loud, quiet = figures["worst_case"][::-1]
    assert loud["accuracy"] <= quiet["accuracy"]
    assert set(figures["gates"]) == {"white_box_beats_noise", "nothing_beats_white_box"}


def test_leave_one_fold_out_goes_on_where_it_was(work: Workplace) -> None:
    argv = ("evaluate", "--protocol", "lofo", "--config", "trainer.toml", "--data", "sounds", "--folds", "1,2")
    work.right(*argv, "--out", "lofo", "--json", "first.json", "--stages")
    first = json.loads((work.folder / "first.json").read_text(encoding="utf-8"))
    assert first["protocol"] == "lofo"
    assert first["clips"]["n"] == 8
    assert len(set(first["bundle_ids"])) == 2
    assert first["stages"]["int8_against_float"]["n"] == 8

    # Fold 2 is lost, as if stopped there: fold 1 is used again, fold 2 is fitted again and is the same.
    kept = (work.folder / "lofo/fold-1/bundle/manifest.json").stat().st_mtime_ns
    (work.folder / "lofo/fold-2/done").unlink()
    shutil.rmtree(work.folder / "lofo/fold-2/bundle")
    work.right(*argv, "--out", "lofo", "--json", "second.json")
    second = json.loads((work.folder / "second.json").read_text(encoding="utf-8"))
    assert (work.folder / "lofo/fold-1/bundle/manifest.json").stat().st_mtime_ns == kept
    assert second["bundle_ids"] == first["bundle_ids"]
    assert second["clips"] == first["clips"]
