"""Clips to windows, noisy twins and images, through the stages of the edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from tqdm.auto import tqdm

from edge.framing import windows_of
from edge.stages.enhance import Enhance
from edge.stages.gate import Gate
from edge.stages.lowrank import LowRank
from edge.stages.off import NoLowRank
from edge.stages.scalogram import MorletScalogram
from edge.types import F32, Scalogram, Window
from trainer.augment import mix, shift_pitch, training_noise
from trainer.config import AugmentConfig, TrainerConfig
from trainer.data import Clip, Dataset, read_clip
from trainer.errors import DatasetError
from trainer.fit.seeds import rng_of

__all__ = ["Front", "Images", "build_front", "denoiser_inputs", "learning_windows", "read_images"]


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The stages before the autoencoder: parameters of the configuration alone."""

    gate: Gate
    scalogram: MorletScalogram
    enhance: Enhance
    lowrank: LowRank | NoLowRank


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Every training window as images: clean, then its noisy twins, then copies with another pitch."""

    enhanced: F32
    """(1 + n_noisy + n_shifts, n_windows, n_bands, n_frames), dB above the floor"""
    classes: NDArray[np.intp]
    """(n_windows,), index into the data set's labels"""
    folds: NDArray[np.intp]
    """(n_windows,), fold of the clip"""
    clips: NDArray[np.intp]
    """(n_windows,), index into the data set's clips"""

    def only_folds(self, folds: Iterable[int]) -> Images:
        """The windows of these folds: what `read_images` gives for a data set of these folds alone."""
        kept = np.isin(self.folds, list(folds))
        return Images(self.enhanced[:, kept], self.classes[kept], self.folds[kept], self.clips[kept])


def build_front(config: TrainerConfig) -> Front:
    """The front of the pipeline; the random test matrix of the SVD is drawn here."""
    c = config.scalogram
    scalogram = MorletScalogram(
        rate_hz=c.rate_hz,
        window_s=c.window_s,
        n_bands=c.n_bands,
        min_hz=c.min_hz,
        max_hz=c.max_hz,
        omega0=c.omega0,
        hop_s=c.frame_hop_s,
        split_hz=c.split_hz,
    )
    e, r = config.enhance, config.lowrank
    rng = rng_of(config.seed, "test matrix")
    test_matrix = rng.standard_normal((scalogram.n_frames, r.rank + r.oversampling)).astype(np.float32)
    return Front(
        gate=Gate(quiet_dbfs=config.gate.quiet_dbfs, clipped_fraction=config.gate.clipped_fraction),
        scalogram=scalogram,
        enhance=Enhance(floor_db=e.floor_db, background=e.background, highboost=e.highboost, blur=e.blur),
        lowrank=LowRank(test_matrix=test_matrix, rank=r.rank) if r.rank else NoLowRank(),
    )


def read_images(dataset: Dataset, front: Front, config: TrainerConfig) -> Images:
    """Read every clip, keep the windows that the gate lets pass, and add the noisy twins.

    The noise of a clip depends on the seed and on the clip alone, not on the clips beside it.

    Raises
    ------
    DatasetError : a clip cannot be read, or a class has no window left
    """
    rows: list[list[F32]] = []
    classes, clips = [], []
    for i, clip, windows in learning_windows(dataset, front, config):
        rng = rng_of(config.seed, "images", clip.sha256)
        for window in windows:
            rows.append(_copies(front, window, config.augment, rng))
            classes.append(dataset.labels.index(clip.label))
            clips.append(i)
    silent = sorted(set(range(len(dataset.labels))) - set(classes))
    if silent:
        raise DatasetError(f"{dataset.root}: sound in class {dataset.labels[silent[0]]} wanted. Got silence instead.")
    return Images(
        enhanced=np.ascontiguousarray(np.array(rows, dtype=np.float32).swapaxes(0, 1)),
        classes=np.array(classes, dtype=np.intp),
        folds=np.array([dataset.clips[i].fold for i in clips], dtype=np.intp),
        clips=np.array(clips, dtype=np.intp),
    )


def learning_windows(dataset: Dataset, front: Front, config: TrainerConfig) -> Iterator[tuple[int, Clip, list[Window]]]:
    """Every clip with its index and its sounding windows, in the order of the data set."""
    for i, clip in enumerate(tqdm(dataset.clips, desc="images", unit="clip", disable=None)):
        yield i, clip, _spread(read_clip(clip, rate_hz=config.scalogram.rate_hz), front, config)


def _spread(samples: F32, front: Front, config: TrainerConfig) -> list[Window]:
    """At most `max_windows_a_clip` windows of a clip that do not overlap, spread over it."""
    c = config.scalogram
    windows = list(windows_of(samples, rate_hz=c.rate_hz, window_s=c.window_s, hop_s=c.window_s))
    sounding = [window for window in windows if front.gate(window).reason is None]
    step = max(1, -(-len(sounding) // config.augment.max_windows_a_clip))
    return sounding[::step]


def _copies(front: Front, window: Window, config: AugmentConfig, rng: Generator) -> list[F32]:
    """The images of a window: clean, noisy, shifted."""
    scalograms = [front.scalogram(window)]
    for _ in range(config.n_noisy):
        noise = training_noise(len(window.samples), window.rate_hz, rng)
        noisy = mix(window.samples, noise, float(rng.uniform(*config.snr_db)))
        scalograms.append(front.scalogram(Window(noisy, window.rate_hz, window.start_s)))
    scalograms += [shift_pitch(scalograms[0], n_bands) for n_bands in config.shift_bands]
    return [front.enhance(scalogram).level_db for scalogram in scalograms]


def denoiser_inputs(enhanced: F32, front: Front, config: TrainerConfig) -> F32:
    """What the autoencoder will see of images (n_copies, n_windows, n_bands, n_frames), where it sits."""
    if config.denoise.place == "before_svd":
        return enhanced
    flat = enhanced.reshape(-1, *enhanced.shape[2:])
    return np.array([front.lowrank(Scalogram(image, peak_db=0.0)).level_db for image in flat]).reshape(enhanced.shape)
