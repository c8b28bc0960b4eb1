"""Clips to windows, their copies, and images, through the stages of the edge."""

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
from trainer.config import TrainerConfig
from trainer.data import Clip, Dataset, read_clip
from trainer.errors import DatasetError
from trainer.fit.copies import Background, copies_of
from trainer.fit.seeds import rng_of

__all__ = [
    "Front",
    "Images",
    "build_front",
    "check_sounding",
    "denoiser_inputs",
    "learning_windows",
    "read_copies",
    "read_images",
    "spread_windows",
]


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The stages before the autoencoder: parameters of the configuration alone."""

    gate: Gate
    scalogram: MorletScalogram
    enhance: Enhance
    lowrank: LowRank | NoLowRank


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Every training window as images, and its copies as `kinds_of` counts them: the noisy twins are next to it."""

    enhanced: F32
    """(n_copies, n_windows, n_bands, n_frames), dB above the floor"""
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
    """`read_copies` of clips that are to be learnt from.

    Raises
    ------
    DatasetError : a clip cannot be read, or a class has no window left
    """
    images = read_copies(dataset, front, config)
    check_sounding(images, dataset)
    return images


def check_sounding(images: Images, dataset: Dataset) -> None:
    """Refuse images in which some class has no window."""
    silent = sorted(set(range(len(dataset.labels))) - set(images.classes.tolist()))
    if silent:
        raise DatasetError(f"{dataset.root}: sound in class {dataset.labels[silent[0]]} wanted. Got silence instead.")


def read_copies(dataset: Dataset, front: Front, config: TrainerConfig) -> Images:
    """Read every clip, keep the windows that the gate lets pass, and add their copies.

    What a clip is mixed with depends on the seed and on its own fold, not on the folds beside it.

    Raises
    ------
    DatasetError : a clip cannot be read, or no clip has a window left
    """
    rows: list[F32] = []
    classes, clips = [], []
    for i, clip, windows in learning_windows(dataset, front, config):
        rng = rng_of(config.seed, "images", clip.sha256)
        background = _background(dataset, clip, config)
        for window in windows:
            copies = copies_of(window, front.scalogram, config.augment, rng, background)
            rows.append(np.array([front.enhance(scalogram).level_db for scalogram in copies]))
            classes.append(dataset.labels.index(clip.label))
            clips.append(i)
    if not rows:
        raise DatasetError(f"{dataset.root}: clips with sound wanted. Got silence instead.")
    return Images(
        enhanced=np.stack(rows, axis=1),
        classes=np.array(classes, dtype=np.intp),
        folds=np.array([dataset.clips[i].fold for i in clips], dtype=np.intp),
        clips=np.array(clips, dtype=np.intp),
    )


def learning_windows(dataset: Dataset, front: Front, config: TrainerConfig) -> Iterator[tuple[int, Clip, list[Window]]]:
    """Every clip with its index and its sounding windows, in the order of the data set."""
    for i, clip in enumerate(tqdm(dataset.clips, desc="images", unit="clip", disable=None)):
        yield i, clip, spread_windows(read_clip(clip, rate_hz=config.scalogram.rate_hz), front, config)


def spread_windows(samples: F32, front: Front, config: TrainerConfig) -> list[Window]:
    """At most `max_windows_a_clip` windows of a clip that do not overlap, spread over it."""
    c = config.scalogram
    windows = list(windows_of(samples, rate_hz=c.rate_hz, window_s=c.window_s, hop_s=c.window_s))
    sounding = [window for window in windows if front.gate(window).reason is None]
    step = max(1, -(-len(sounding) // config.augment.max_windows_a_clip))
    return sounding[::step]


def _background(dataset: Dataset, clip: Clip, config: TrainerConfig) -> Background:
    """Sounds of other classes in the clip's own fold: a held-out fold stays unheard."""

    def draw(rng: Generator) -> F32:
        others = [other for other in dataset.clips if other.fold == clip.fold and other.label != clip.label]
        if not others:
            raise DatasetError(f"{dataset.root}: two classes in fold {clip.fold} wanted, for backgrounds. Got one.")
        samples = read_clip(others[rng.integers(len(others))], rate_hz=config.scalogram.rate_hz)
        looped: F32 = np.resize(samples, round(config.scalogram.window_s * config.scalogram.rate_hz))
        return looped / np.float32(max(float(np.sqrt(np.mean(np.square(looped, dtype=np.float64)))), 1e-9))

    return draw


def denoiser_inputs(enhanced: F32, front: Front, config: TrainerConfig) -> F32:
    """What the autoencoder will see of images (n_copies, n_windows, n_bands, n_frames), where it sits."""
    if config.denoise.place == "before_svd":
        return enhanced
    flat = enhanced.reshape(-1, *enhanced.shape[2:])
    return np.array([front.lowrank(Scalogram(image, peak_db=0.0)).level_db for image in flat]).reshape(enhanced.shape)
