"""A whole fit on made sounds: deterministic, complete or absent, and right about held-out sounds."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.bundle import read_bundle
from edge.clip import judge_samples
from edge.errors import ConfigError
from edge.types import Window
from tests.tiny import LABELS, TINY, tiny_sound
from trainer.augment import TEST_NOISES
from trainer.config import LowRankConfig, TrainerConfig
from trainer.data import load_dataset
from trainer.errors import DatasetError
from trainer.evaluate import evaluate_bundle
from trainer.export import export
from trainer.fit.run import fit
from trainer.stages import unlearnt_noises

pytestmark = pytest.mark.slow


def test_two_fits_give_the_same_bundle_id(tiny_dataset: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    run = fit(load_dataset(tiny_dataset), TINY, tmp_path / "again")
    again = export(run, target="tflite", out=tmp_path / "other-name")
    assert read_bundle(again).id == read_bundle(tiny_bundle).id


def test_another_seed_gives_another_bundle(tiny_dataset: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    run = fit(load_dataset(tiny_dataset), TINY.with_seed(1), tmp_path / "seed1")
    other = export(run, target="tflite", out=tmp_path / "bundle")
    assert read_bundle(other).id != read_bundle(tiny_bundle).id


@pytest.mark.parametrize("fixture", ["tiny_bundle", "tiny_orb_bundle"])
def test_knows_sounds_it_has_not_heard(fixture: str, request: pytest.FixtureRequest) -> None:
    bundle = read_bundle(Path(request.getfixturevalue(fixture)), golden=True)
    rng = np.random.default_rng(99)
    right = [judge_samples(bundle, tiny_sound(label, rng)).best == label for label in LABELS for _ in range(5)]
    assert np.mean(right) >= 0.8


def test_run_folder_holds_the_story(tiny_run: Path) -> None:
    names = {path.name for path in tiny_run.iterdir()}
    assert names == {
        "run.json",
        "trainer.toml",
        "arrays.npz",
        "denoiser.tflite",
        "denoiser.keras",
        "svm_kernel.npz",
        "metrics.json",
        "figures",
        "log.txt",
    }
    assert TrainerConfig.load(tiny_run / "trainer.toml") == TINY
    assert "18 windows of 18 clips" in (tiny_run / "log.txt").read_text()
    assert {path.name for path in (tiny_run / "figures").iterdir()} == {"denoiser.png", "suspicion.png"}
    metrics = json.loads((tiny_run / "metrics.json").read_text())
    assert 0 <= metrics["out_of_fold_window_accuracy"] <= 1


def test_failed_fit_leaves_nothing(tmp_path: Path) -> None:
    for label in ("loud", "silent"):
        (tmp_path / "sounds" / label).mkdir(parents=True)
        for i in range(2):
            noise = np.random.default_rng(i).standard_normal(32000)
            samples = 0.1 * noise if label == "loud" else np.zeros(32000 + i)
            soundfile.write(tmp_path / "sounds" / label / f"{i}.wav", samples, 16000)
    with pytest.raises(DatasetError, match=r"sound in class silent wanted\. Got silence"):
        fit(load_dataset(tmp_path / "sounds"), TINY, tmp_path / "run")
    assert {path.name for path in tmp_path.iterdir()} == {"sounds"}


def test_what_is_there_is_not_overwritten(tiny_dataset: Path, tiny_run: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    with pytest.raises(ConfigError, match="not there yet wanted"):
        fit(dataset, TINY, tiny_run)
    with pytest.raises(ConfigError, match="not there yet wanted"):
        export(tiny_run, target="tflite", out=tiny_run)


def test_config_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "trainer.toml"
    for text, sentence in {
        "speed = 1": "trainer.toml: one of .* wanted. Got speed instead",
        "[denoise]\nwidth = 3.5": r"trainer.toml: denoise.width must be int. Got 3.5 instead",
        "denoise = 3": r"a table \[denoise\] wanted. Got 3 instead",
        "seed = true": "seed must be int. Got True instead",
        "[lowrank]\nrank = 33": r"lowrank.rank must be in \[0, 32\]. Got 33 instead",
        'descriptor = "sift"': "descriptor must be surf or orb. Got sift instead",
        "= 3": "a TOML file wanted",
    }.items():
        path.write_text(text)
        with pytest.raises(ConfigError, match=sentence):
            TrainerConfig.load(path)
    path.write_text("seed = 5\n[surf]\nscales = [[4, 4, 4, 6]]\n[augment]\nsnr_db = [0, 20]\n")
    loaded = TrainerConfig.load(path)
    assert loaded.seed == 5
    assert loaded.surf.scales == ((4, 4, 4, 6),)
    assert loaded == replace(
        TrainerConfig(),
        seed=5,
        surf=replace(TrainerConfig().surf, scales=((4, 4, 4, 6),)),
        augment=replace(TrainerConfig().augment, snr_db=(0.0, 20.0)),
    )


VARIANTS = {
    "without SVD": (replace(TINY, lowrank=LowRankConfig(rank=0)), ("no_lowrank", "denoise")),
    "without autoencoder": (replace(TINY, denoise=replace(TINY.denoise, place="off")), ("lowrank", "no_denoise")),
    "autoencoder first": (replace(TINY, denoise=replace(TINY.denoise, place="before_svd")), ("denoise", "lowrank")),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_bundle_may_lack_a_stage_or_turn_two_around(variant: str, tiny_dataset: Path, tmp_path: Path) -> None:
    config, names = VARIANTS[variant]
    run = fit(load_dataset(tiny_dataset), config, tmp_path / "run")
    bundle = read_bundle(export(run, target="tflite", out=tmp_path / "bundle"), golden=True)
    records = [record["name"] for record in bundle.manifest["stages"]]
    assert tuple(records[records.index("enhance") + 1 :][:2]) == names
    samples = tiny_sound("whistle", np.random.default_rng(99))
    trace = bundle.pipeline.trace(Window(samples, 16000, 0.0))
    order = {
        "without SVD": (trace.enhanced, trace.lowrank, trace.denoised.scalogram),
        "without autoencoder": (trace.enhanced, trace.lowrank, trace.denoised.scalogram),
        "autoencoder first": (trace.enhanced, trace.denoised.scalogram, trace.lowrank),
    }[variant]
    changed = [not np.array_equal(a.level_db, b.level_db) for a, b in pairwise(order)]
    assert changed == [name not in ("no_lowrank", "no_denoise") for name in names]
    assert trace.purified is order[-1]
    assert judge_samples(bundle, samples).best == "whistle"


def test_a_noise_left_out_is_named_as_not_learnt(tiny_dataset: Path, tiny_bundle: Path) -> None:
    evaluation = evaluate_bundle(
        tiny_bundle, load_dataset(tiny_dataset), run=None, allow_train_clips=True, command="trainer evaluate"
    )
    assert unlearnt_noises(evaluation) == TEST_NOISES
    evaluation.bundles[0].manifest["trained_on"]["noises"] = ["white", "blue", "band"]
    assert unlearnt_noises(evaluation) == ("violet", *TEST_NOISES)
