"""All systems that can be compared, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge.errors import ConfigError
from trainer.baselines.base import System
from trainer.baselines.log_mel_cnn import CNN_LOGMEL, CNN_LOGMEL_NOISE
from trainer.baselines.recurrence import SVM_CRP
from trainer.baselines.scalogram_cnn import CNN_SCALOGRAM_NOISE
from trainer.baselines.statistics import FOREST_LOGMEL, SVM_LOGMEL
from trainer.baselines.stft import SVM_STFT
from trainer.baselines.wavelet import SVM_WAVELET
from trainer.compare.ours import Pipeline
from trainer.compare.purified import PurifiedImage
from trainer.config import TrainerConfig

__all__ = ["DEFAULT", "FULL", "SYSTEMS", "chosen"]

FULL = "full"
"""The system that all others are paired with"""
NO_FLOOR_DB = 80.0
"""A floor that no recording here reaches"""
INAUDIBLE_DB = (120.0, 120.0)
"""SNR of noise that changes nothing"""


def without_enhancement(config: TrainerConfig) -> TrainerConfig:
    """A floor far down, no smoothing."""
    return replace(config, enhance=replace(config.enhance, floor_db=NO_FLOOR_DB, blur=1, background=0.0, highboost=0.0))


def without_svd(config: TrainerConfig) -> TrainerConfig:
    """The image keeps its rank."""
    return replace(config, lowrank=replace(config.lowrank, rank=0))


def augmented(config: TrainerConfig, **changes: Any) -> TrainerConfig:
    """Other copies of the training windows."""
    return replace(config, augment=replace(config.augment, **changes))


def without_dae(config: TrainerConfig) -> TrainerConfig:
    """No autoencoder."""
    return replace(config, denoise=replace(config.denoise, place="off"))


OURS: tuple[System, ...] = (
    Pipeline(FULL, "full pipeline, int8, as deployed"),
    Pipeline("without_enhancement", "without floor and smoothing", without_enhancement),
    Pipeline("without_svd", "without SVD", without_svd),
    Pipeline("without_dae", "without autoencoder", without_dae),
    Pipeline("without_svd_dae", "without SVD and autoencoder", lambda config: without_svd(without_dae(config))),
    PurifiedImage("without_descriptors", "without SURF and codebook: SVM on the purified image"),
    Pipeline(
        "bow",
        "without residual encoding: bag of words",
        lambda config: replace(config, codebook=replace(config.codebook, encoding="bow")),
    ),
    Pipeline("orb", "ORB instead of SURF", lambda config: replace(config, descriptor="orb")),
)
AUGMENTATIONS: tuple[System, ...] = (
    Pipeline(
        "without_noise_mixing",
        "without noise mixing, for the autoencoder, too",
        lambda config: augmented(config, snr_db=INAUDIBLE_DB),
    ),
    Pipeline("without_rooms", "without simulated rooms", lambda config: augmented(config, n_rooms=0)),
    Pipeline(
        "without_pitch",
        "without other pitches and speeds",
        lambda config: augmented(config, shift_bands=(), speeds=()),
    ),
    Pipeline("without_time_shift", "without time shift", lambda config: augmented(config, n_times=0)),
    Pipeline("with_backgrounds", "with backgrounds mixed in", lambda config: augmented(config, n_backgrounds=1)),
)
"""Gain is not among them: the floor is relative to the window's peak, so that a louder copy is the same image"""
OTHERS: tuple[System, ...] = (
    SVM_STFT,
    SVM_WAVELET,
    SVM_CRP,
    SVM_LOGMEL,
    FOREST_LOGMEL,
    CNN_LOGMEL,
    CNN_LOGMEL_NOISE,
    CNN_SCALOGRAM_NOISE,
)
SYSTEMS = {system.name: system for system in (*OURS, *AUGMENTATIONS, *OTHERS)}
DEFAULT = tuple(system.name for system in (*OURS, *OTHERS) if system.name not in ("bow", "orb"))
"""The pipeline, each stage removed, and the others; what is left out costs a fit a fold and removes no stage"""


def chosen(names: Sequence[str] | None) -> tuple[str, ...]:
    """These systems, each once, in the table's order; None gives the default ones.

    Raises
    ------
    ConfigError : a name that no system has
    """
    unknown = sorted(set(names or ()) - set(SYSTEMS))
    if unknown:
        raise ConfigError(f"--systems must be among {', '.join(SYSTEMS)}. Got {', '.join(unknown)} instead.")
    wanted = set(DEFAULT if names is None else names)
    return tuple(name for name in SYSTEMS if name in wanted)
