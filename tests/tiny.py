"""A small data set of made sounds, and the configuration that fits it in seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from edge.types import F32
from trainer.config import (
    AugmentConfig,
    CodebookConfig,
    DenoiseConfig,
    OrbConfig,
    ScalogramConfig,
    SvmConfig,
    TrainerConfig,
)

__all__ = ["LABELS", "RATE_HZ", "TINY", "TINY_ORB", "tiny_sound", "write_tiny_dataset"]

RATE_HZ = 16000
LABELS = ("hiss", "ticks", "whistle")
TINY = TrainerConfig(
    name="tiny",
    scalogram=ScalogramConfig(window_s=2.0, hop_s=0.5, n_bands=64),
    denoise=DenoiseConfig(width=8, depth=1, epochs=2),
    codebook=CodebookConfig(n_words=8),
    svm=SvmConfig(n_components=8),
    augment=AugmentConfig(n_noisy=1, n_noisy_classify=1),
)
TINY_ORB = replace(TINY, name="tiny-orb", descriptor="orb", orb=OrbConfig(patch=15))


def tiny_sound(label: str, rng: np.random.Generator, seconds: float = 2.0) -> F32:
    """A sound (n_samples,) of one of LABELS, different for every draw."""
    n_samples = round(seconds * RATE_HZ)
    t = np.arange(n_samples) / RATE_HZ
    sound = 0.003 * rng.standard_normal(n_samples)
    if label == "hiss":
        sound += 0.1 * rng.standard_normal(n_samples)
    elif label == "ticks":
        for start in rng.integers(0, n_samples - 200, size=round(6 * seconds)):
            sound[start : start + 200] += 0.6 * np.exp(-np.arange(200) / 30) * rng.choice([-1, 1])
    else:
        sound += 0.3 * np.sin(2 * np.pi * rng.uniform(900, 1500) * t + 3 * np.sin(2 * np.pi * 5 * t))
    return sound.astype(np.float32)


def write_tiny_dataset(root: Path, *, folds: int = 3, per_fold: int = 2) -> Path:
    """`root/class/fold-number-A.wav`, names in the ESC form."""
    rng = np.random.default_rng(11)
    for i_class, label in enumerate(LABELS):
        folder = root / f"{i_class + 1:03d} - {label.title()}"
        folder.mkdir(parents=True)
        for fold in range(1, folds + 1):
            for i in range(per_fold):
                path = folder / f"{fold}-{1000 * i_class + 10 * fold + i}-A.wav"
                soundfile.write(path, tiny_sound(label, rng), RATE_HZ, subtype="PCM_16")
    return root
