"""Training clips to windows of sound and their copies: the pipeline's own augmentation, for everybody.

Noise, rooms, speeds and times come from `trainer.augment` with the pipeline's configuration and its windows from its
gate and framing. Two things differ, because these systems learn from sound and not from our image. Its shifts by bands
are made as changes of speed by the same interval; and with noise, every copy has a noisy twin, not the clean one alone:
where a choice was to be made, it was made for the baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.types import F32
from trainer.augment import change_speed, in_room, mix, noise_of, room_response, shift_time, training_rt60_s
from trainer.config import TrainerConfig
from trainer.data import Dataset
from trainer.fit.images import build_front, learning_windows
from trainer.fit.seeds import rng_of

__all__ = ["Feature", "Learnt", "copies_of", "read_features"]

GAIN_DB = (-10.0, 4.0)
"""Random gain of every copy: these systems, other than ours, see absolute levels"""

Feature = Callable[[F32], F32]
"""Samples (n_samples,) of a window to an array of one shape"""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Features of all training windows and their copies."""

    values: NDArray[np.float16]
    """(n_copies, n_windows, …)"""
    classes: NDArray[np.intp]
    """(n_windows,)"""


def read_features(dataset: Dataset, config: TrainerConfig, feature: Feature, *, noisy: bool) -> Learnt:
    """The feature of every training window and its copies; a clip's copies depend on the seed and on the clip alone."""
    rows, classes = [], []
    for _, clip, windows in learning_windows(dataset, build_front(config), config):
        rng = rng_of(config.seed, "sounds", clip.sha256)
        for window in windows:
            copies = copies_of(window.samples, config, rng, noisy=noisy)
            rows.append(np.array([feature(copy) for copy in copies], dtype=np.float16))
            classes.append(dataset.labels.index(clip.label))
    return Learnt(values=np.stack(rows, axis=1), classes=np.array(classes, dtype=np.intp))


def copies_of(samples: F32, config: TrainerConfig, rng: Generator, *, noisy: bool) -> list[F32]:
    """A window (n_samples,) and its copies, the window first; with `noisy` their twins behind them."""
    a, rate_hz = config.augment, config.scalogram.rate_hz
    s = config.scalogram
    bands_per_octave = (s.n_bands - 1) / np.log2(s.max_hz / s.min_hz)
    copies = [
        samples,
        *(change_speed(samples, 2.0 ** (n_bands / bands_per_octave)) for n_bands in a.shift_bands),
        *(change_speed(samples, factor) for factor in a.speeds),
        *(in_room(samples, room_response(training_rt60_s(rng), rate_hz, rng)) for _ in range(a.n_rooms)),
        *(shift_time(samples, rng) for _ in range(a.n_times)),
    ]
    if noisy:
        copies += [
            mix(copy, noise_of(str(rng.choice(a.noises)), len(copy), rate_hz, rng), float(rng.uniform(*a.snr_db)))
            for copy in copies
        ]
    gains_db = [0.0, *rng.uniform(*GAIN_DB, len(copies) - 1)]
    return [copy * np.float32(10 ** (gain_db / 20)) for copy, gain_db in zip(copies, gains_db, strict=True)]
