"""What the heads and pictures compute, against other ways to compute it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from tests.tiny import TINY, tiny_sound
from trainer.baselines.forest import ForestHead, fit_forest
from trainer.baselines.images import cross_recurrence, log_mel_statistics, scalogram_image, stft_image
from trainer.baselines.network import NetworkConfig, batches, masked
from trainer.baselines.sounds import Learnt, copies_of, read_features
from trainer.baselines.svm import SvmHead, fit_svm_head
from trainer.data import load_dataset
from trainer.fit.images import build_front
from trainer.fit.seeds import rng_of
from trainer.mel import MelConfig, log_mel

RATE_HZ = 16000


@pytest.fixture
def learnt() -> Learnt:
    """Three clouds on a circle, four copies each of twelve windows."""
    rng = np.random.default_rng(3)
    classes = np.repeat(np.arange(3), 4)
    centres = np.stack([np.cos(2 * np.pi * classes / 3), np.sin(2 * np.pi * classes / 3)], axis=1)
    return Learnt(values=(centres + 0.2 * rng.standard_normal((4, 12, 2))).astype(np.float16), classes=classes)


def test_forest_is_that_of_scikit_learn(learnt: Learnt, tmp_path: Path) -> None:
    n_values = fit_forest(learnt, seed=0, folder=tmp_path)
    head = ForestHead.read(tmp_path)
    flat, classes = learnt.values.reshape(48, 2).astype(np.float32), np.tile(learnt.classes, 4)
    state = int(rng_of(0, "forest").integers(2**31))
    forest = RandomForestClassifier(len(head.roots), random_state=state).fit(flat, classes)
    for x in np.random.default_rng(4).standard_normal((20, 2)).astype(np.float32):
        np.testing.assert_allclose(head(x), forest.predict_proba(x[None])[0], atol=1e-5)
    assert n_values == sum(each.size for each in (head.roots, head.children, head.feature, head.threshold, head.shares))


def test_svm_knows_its_clouds(learnt: Learnt, tmp_path: Path) -> None:
    fit_svm_head(learnt, 3, tmp_path)
    head = SvmHead.read(tmp_path)
    centres = [[np.cos(angle), np.sin(angle)] for angle in 2 * np.pi * np.arange(3) / 3]
    assert [int(np.argmax(head(np.array(centre, dtype=np.float32)))) for centre in centres] == [0, 1, 2]


def test_log_mel_is_that_of_the_stand_in() -> None:
    import tensorflow as tf

    from trainer import surrogate

    samples = tiny_sound("whistle", np.random.default_rng(0))
    config = surrogate.SurrogateConfig()
    theirs = surrogate.log_mel(tf.constant(samples[None]), config)[0]
    np.testing.assert_allclose(log_mel(samples, config), theirs, atol=1e-4)


@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_pictures_are_finite_and_leave_the_sound_alone(gain: float) -> None:
    samples = np.float32(gain) * tiny_sound("ticks", np.random.default_rng(1))
    samples.flags.writeable = False
    scalogram = build_front(TINY).scalogram
    pictures = [
        stft_image(samples),
        scalogram_image(samples, scalogram),
        cross_recurrence(samples, MelConfig()),
        log_mel_statistics(samples, MelConfig()),
    ]
    assert [picture.shape for picture in pictures] == [(31, 128), (40, 64), (31, 31), (14 * 64,)]
    assert all(picture.dtype == np.float32 and np.isfinite(picture).all() for picture in pictures)


def test_scalogram_picture_has_its_tone_in_one_row() -> None:
    samples = np.sin(2 * np.pi * 1000 * np.arange(32000) / RATE_HZ).astype(np.float32)
    scalogram = build_front(TINY).scalogram
    image = scalogram_image(samples, scalogram)
    assert image.max() == pytest.approx(1.0)
    assert (image[5:-5].argmax(axis=1) == np.argmin(np.abs(scalogram.centres_hz - 1000))).all()


class TestCopies:
    def test_noise_comes_as_twins(self) -> None:
        samples = tiny_sound("whistle", np.random.default_rng(2))
        plain = copies_of(samples, TINY, np.random.default_rng(0), noisy=False)
        noisy = copies_of(samples, TINY, np.random.default_rng(0), noisy=True)
        assert (len(plain), len(noisy)) == (9, 18)
        assert {copy.shape for copy in noisy} == {samples.shape}
        np.testing.assert_array_equal(noisy[0], samples)
        assert all(np.isfinite(copy).all() and copy.dtype == np.float32 for copy in noisy)

    def test_depend_on_the_clip_alone(self, tiny_dataset: Path) -> None:
        dataset = load_dataset(tiny_dataset)

        def feature(samples: np.ndarray) -> np.ndarray:
            return samples[:100]

        both = read_features(dataset.only_folds([1, 2]), TINY, feature, noisy=True)
        one = read_features(dataset.only_folds([2]), TINY, feature, noisy=True)
        folds = np.array([clip.fold for clip in dataset.only_folds([1, 2]).clips])
        np.testing.assert_array_equal(both.values[:, folds == 2], one.values)


class TestBatches:
    def test_hold_every_window_once_an_epoch(self) -> None:
        values = np.broadcast_to(np.arange(10, dtype=np.float16)[None, :, None, None], (3, 10, 20, 8))
        truth = np.eye(10, dtype=np.float32)
        config = NetworkConfig(batch=4, mixup=1e-3, mask=0.0, shift=(0.0, 0.0))
        rng = np.random.default_rng(0)
        found = list(batches(Learnt(values=values, classes=np.arange(10)), truth, config, rng))
        assert [x.shape for x, _ in found] == [(4, 16, 8), (4, 16, 8), (2, 16, 8)]
        total = sum(y.sum(axis=0) for _, y in found)
        assert total.sum() == pytest.approx(10, abs=1e-3)
        for x, y in found:
            np.testing.assert_allclose(x[:, 0, 0], y @ np.arange(10), atol=1e-3)

    def test_masks_are_stretches_at_the_mean(self) -> None:
        image = np.random.default_rng(1).standard_normal((20, 10)).astype(np.float32)
        before = image.copy()
        found = masked(image, NetworkConfig(mask=0.5, shift=(2.0, 2.0)), np.random.default_rng(3))
        np.testing.assert_array_equal(image, before)
        blanked = found != before + np.float32(2.0)
        rows, columns = blanked.all(axis=1), blanked.all(axis=0)
        assert 0 < rows.sum() <= 10
        assert 0 < columns.sum() <= 5
        np.testing.assert_array_equal(blanked, rows[:, None] | columns)
        assert np.unique(found[blanked]).tolist() == [pytest.approx(before.mean() + 2.0, abs=1e-5)]
