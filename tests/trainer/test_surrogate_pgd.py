"""The stand-in learns, and gradient descent on it does more than noise of the same size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.attack.budget import Snr, Target
from trainer.attack.noise import RandomNoise
from trainer.attack.pgd import Pgd
from trainer.attack.victim import network_victim
from trainer.data import Dataset, load_dataset, read_clip
from trainer.errors import DatasetError
from trainer.mel import mel_matrix
from trainer.surrogate import Surrogate, SurrogateConfig, fit_surrogate_cached

# Keras calls numpy's array protocol in its old form; nothing of ours can change that.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SMALL = SurrogateConfig(n_epochs=12, batch=4, crop_s=0.3, n_mels=16, seed=1)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Surrogate, Dataset, Path]:
    from tests.trainer.sounds import write_tone

    root = tmp_path_factory.mktemp("sounds")
    for i in range(16):
        write_tone(root / "low" / f"{i % 4 + 1}-{i}-A.wav", hertz=300, seed=i, seconds=0.3)
        write_tone(root / "high" / f"{i % 4 + 1}-{99 + i}-A.wav", hertz=400, seed=99 + i, seconds=0.3)
    dataset = load_dataset(root)
    folder = tmp_path_factory.mktemp("surrogate")
    return fit_surrogate_cached(dataset.only_folds([1, 2, 3]), SMALL, folder), dataset.only_folds([4]), folder


def targets_of(dataset: Dataset) -> list[Target]:
    return [
        Target(samples=read_clip(clip, rate_hz=16_000), rate_hz=16_000, label=dataset.labels.index(clip.label))
        for clip in dataset.clips
    ]


def test_mel_filters_are_triangles_over_the_band() -> None:
    matrix = mel_matrix(SurrogateConfig())
    assert matrix.shape == (513, 64)
    assert (matrix.max(axis=0) > 0.4).all()
    assert (matrix >= 0).all()


class TestSurrogate:
    def test_learns_two_tones(self, fitted: tuple[Surrogate, Dataset, Path]) -> None:
        surrogate, held_out, _ = fitted
        said = [surrogate.predict(target.samples) for target in targets_of(held_out)]
        assert said == [target.label for target in targets_of(held_out)]

    def test_is_read_again_and_says_the_same(self, fitted: tuple[Surrogate, Dataset, Path]) -> None:
        surrogate, held_out, folder = fitted
        training = load_dataset(held_out.root).only_folds([1, 2, 3])
        before = (folder / "surrogate.weights.h5").stat().st_mtime_ns
        again = fit_surrogate_cached(training, SMALL, folder)
        assert (folder / "surrogate.weights.h5").stat().st_mtime_ns == before
        samples = targets_of(held_out)[0].samples[None]
        np.testing.assert_allclose(again.logits(samples), surrogate.logits(samples), atol=1e-5)

    def test_refuses_a_class_without_clips(self, fitted: tuple[Surrogate, Dataset, Path], tmp_path: Path) -> None:
        _, held_out, _ = fitted
        only_low = Dataset(
            held_out.root, held_out.labels, tuple(clip for clip in held_out.clips if clip.label == "low")
        )
        with pytest.raises(DatasetError, match="class high must have at least 2 clips"):
            fit_surrogate_cached(only_low, SMALL, tmp_path)


class TestPgd:
    def test_beats_noise_of_the_same_size(self, fitted: tuple[Surrogate, Dataset, Path]) -> None:
        surrogate, held_out, _ = fitted
        targets = targets_of(held_out)
        victim = network_victim(surrogate.logits)
        attacked = Pgd(budget=Snr(db=15.0), n_steps=20, seed=0).perturb(targets, victim)
        noisy = RandomNoise(budget=Snr(db=15.0), seed=0).perturb(targets, victim)
        assert all(p.snr_db == pytest.approx(15.0, abs=0.01) for p in attacked)

        def n_right(perturbed: list[np.ndarray]) -> int:
            return sum(surrogate.predict(s) == t.label for s, t in zip(perturbed, targets, strict=True))

        assert n_right([p.samples for p in noisy]) >= 7
        assert n_right([p.samples for p in attacked]) <= 4

    def test_is_deterministic_and_keeps_the_order(self, fitted: tuple[Surrogate, Dataset, Path]) -> None:
        surrogate, held_out, _ = fitted
        targets = targets_of(held_out)[:3]
        shorter = Target(samples=targets[1].samples[:4000], rate_hz=16_000, label=targets[1].label)
        mixed = [targets[0], shorter, targets[2]]
        attack, victim = Pgd(budget=Snr(db=20.0), n_steps=3, n_restarts=1), network_victim(surrogate.logits)
        first, second = attack.perturb(mixed, victim), attack.perturb(mixed, victim)
        assert [len(p.samples) for p in first] == [len(t.samples) for t in mixed]
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a.samples, b.samples)
