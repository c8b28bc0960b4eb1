"""A bundle as a victim, at waveform and scalogram: the twin shows the way, the deployed path has the word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle, read_bundle
from edge.clip import judge_samples
from edge.types import Scalogram, Window
from tests.tiny import LABELS, RATE_HZ, tiny_sound
from trainer.attack.apgd import AutoPgd
from trainer.attack.budget import ImageTarget, Snr, Target
from trainer.attack.noise import RandomNoise
from trainer.attack.victim import bundle_victim, image_victim

pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return read_bundle(tiny_bundle)


@pytest.mark.parametrize("seconds", [1.3, 2.0, 3.2])
def test_waveform_of_any_length(bundle: Bundle, seconds: float) -> None:
    rng = np.random.default_rng(2)
    targets = [Target(tiny_sound(label, rng, seconds), RATE_HZ, bundle.labels.index(label)) for label in LABELS]
    attempts = AutoPgd(budget=Snr(db=10.0), n_steps=5, betas=(30.0,))(targets, bundle_victim(bundle))
    for target, attempt in zip(targets, attempts, strict=True):
        verdict = judge_samples(bundle, attempt.perturbed.samples)
        assert attempt.fooled == (verdict.best != bundle.labels[target.label])
        assert attempt.answer.suspicion_p == verdict.suspicion_p
        assert attempt.perturbed.snr_db == pytest.approx(10.0, abs=0.01)


def test_scalogram_is_attacked_and_confirmed_behind_the_transform(bundle: Bundle) -> None:
    rng = np.random.default_rng(4)
    stage = bundle.pipeline.scalogram
    shape = (stage.n_bands, stage.n_frames)
    targets, windows = [], []
    for label in LABELS:
        window = Window(samples=tiny_sound(label, rng)[: stage.n_samples], rate_hz=RATE_HZ, start_s=0.0)
        levels = stage(window).level_db.ravel()
        best = int(bundle.pipeline.trace(window).scores.values.argmax())
        targets.append(ImageTarget(levels, RATE_HZ, best, shape=shape, floor_db=bundle.pipeline.enhance.floor_db))
        windows.append(window)
    victim, budget = image_victim(bundle), Snr(db=3.0)
    attempts = AutoPgd(budget=budget, n_steps=20, betas=(30.0, 4.0))(targets, victim)
    by_noise = RandomNoise(budget=budget)(targets, victim)
    for target, window, attempt in zip(targets, windows, attempts, strict=True):
        levels = attempt.perturbed.samples.reshape(shape)
        said = bundle.pipeline.from_scalogram(window, Scalogram(levels, float(levels.max()))).scores.values.argmax()
        assert attempt.fooled == (said != target.label)
        assert attempt.perturbed.snr_db == pytest.approx(3.0, abs=0.01)
    assert sum(a.fooled for a in attempts) >= sum(a.fooled for a in by_noise)
    assert any(a.fooled for a in attempts)


def test_calm_is_what_the_deployed_p_value_says(bundle: Bundle) -> None:
    calm, suspicion = bundle_victim(bundle).calm, bundle.pipeline.suspicion
    n = len(suspicion.calibration)
    above = np.nextafter(np.float32(calm), np.float32(2))
    assert (1 + np.count_nonzero(suspicion.calibration >= np.float32(calm))) / (n + 1) > 0.05
    # With fewer than 19 calibration windows no p-value is as small as that: every score is calm.
    assert n < 19 or (1 + np.count_nonzero(suspicion.calibration >= above)) / (n + 1) <= 0.05
