"""Copies of a window come in the order that their kinds are counted in, each what its kind says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.types import F32, Scalogram, Window
from tests.tiny import LABELS, TINY, write_tiny_dataset
from trainer.config import AugmentConfig
from trainer.data import load_dataset, read_clip
from trainer.errors import DatasetError
from trainer.fit.copies import copies_of, kinds_of
from trainer.fit.images import build_front, read_images
from trainer.fit.steps import learnt_copies

CONFIG = AugmentConfig(
    n_noisy=2, n_noisy_classify=1, shift_bands=(2,), speeds=(1.5,), n_rooms=1, n_times=1, n_backgrounds=1
)
KINDS = ("clean", "learnt noisy", "noisy", "shift", "speed", "room", "time", "background")


def sounds_of(config: AugmentConfig, background_level: float = 1.0) -> list[F32]:
    """What the scalogram is asked for; the shift of bands asks for nothing."""
    samples: F32 = np.float32(0.1) * np.sin(np.arange(8000, dtype=np.float32))
    window = Window(samples, 16000, 0.0)
    heard: list[F32] = []

    def scalogram(asked: Window) -> Scalogram:
        heard.append(asked.samples)
        return Scalogram(np.zeros((16, 8), dtype=np.float32), 0.0)

    def background(_: np.random.Generator) -> F32:
        return np.full(8000, background_level, dtype=np.float32)

    copies = copies_of(window, scalogram, config, np.random.default_rng(0), background)
    assert len(copies) == len(kinds_of(config))
    return heard


def test_kinds_are_counted_in_the_order_of_the_copies() -> None:
    assert kinds_of(CONFIG) == KINDS
    clean, noisy, other_noisy, faster, roomy, later, backed = sounds_of(CONFIG)
    # Noise adds power, a room and a turn keep it about, a background moves the mean.
    assert not np.array_equal(noisy, other_noisy)
    assert np.mean(noisy**2) > np.mean(clean**2) * 0.999
    assert np.abs(np.fft.rfft(faster[:4000])).argmax() > np.abs(np.fft.rfft(clean[:4000])).argmax()
    assert sorted(later.tolist()) == sorted(clean.tolist())
    assert roomy[0] != clean[0]
    assert abs(backed.mean() - clean.mean()) > 1e-3


def test_the_head_learns_every_copy_but_the_autoencoders_own() -> None:
    assert [KINDS[i] for i in learnt_copies(replace(TINY, augment=CONFIG))] == [k for k in KINDS if k != "noisy"]


def test_a_background_comes_from_the_clips_own_fold(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = load_dataset(write_tiny_dataset(tmp_path / "sounds"))  # type: ignore[operator]
    config = replace(TINY, augment=replace(TINY.augment, n_backgrounds=2))
    read: list[tuple[int, str]] = []

    def spy(clip: object, *, rate_hz: int) -> F32:
        read.append((clip.fold, clip.label))  # type: ignore[attr-defined]
        return read_clip(clip, rate_hz=rate_hz)  # type: ignore[arg-type]

    monkeypatch.setattr("trainer.fit.images.read_clip", spy)
    one_fold = dataset.only_folds([2])
    read_images(one_fold, build_front(config), config)
    assert {fold for fold, _ in read} == {2}
    whole = read_images(dataset, build_front(config), config).only_folds([2])
    np.testing.assert_array_equal(whole.enhanced, read_images(one_fold, build_front(config), config).enhanced)
    single = replace(
        one_fold, clips=tuple(clip for clip in one_fold.clips if clip.label == LABELS[0]), labels=LABELS[:1]
    )
    with pytest.raises(DatasetError, match="two classes in fold 2 wanted"):
        read_images(single, build_front(config), config)
