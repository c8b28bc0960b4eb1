"""What each step of an inner fit was made from, as 64 hex digits: the names of the cache's entries."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import trainer
from trainer.config import TrainerConfig
from trainer.data import Dataset
from trainer.lofo import program_sha256

__all__ = ["PairKeys", "images_key", "pair_keys"]

SOURCES = ("sweep/work.py", "conditions.py")
"""Beside those of the fit"""


@dataclass(frozen=True, slots=True)
class PairKeys:
    """Of the steps of one fit without two folds, each with all that comes before it."""

    denoise: str
    descriptors: str
    encodings: str
    scores: str


def images_key(dataset: Dataset, fold: int, config: TrainerConfig) -> str:
    """Of the images of one fold: its clips, the front end, the copies."""
    return _digest(
        program=_program(),
        labels=dataset.labels,
        clips=[(clip.sha256, clip.label) for clip in dataset.clips if clip.fold == fold],
        fold=fold,
        seed=config.seed,
        config=[config.gate, config.scalogram, config.enhance, config.augment],
    )


def pair_keys(dataset: Dataset, pair: tuple[int, int], config: TrainerConfig) -> PairKeys:
    """Of the fit on all folds but the pair, scored on the two."""
    learnt = [images_key(dataset, fold, config) for fold in dataset.folds if fold not in pair]
    order = [clip.sha256 for clip in dataset.clips if clip.fold not in pair]
    autoencoder = {"place": "off"} if config.denoise.place == "off" else dataclasses.asdict(config.denoise)
    denoise = _digest(images=learnt, order=order, lowrank=config.lowrank, denoise=autoencoder)
    held_out = [images_key(dataset, fold, config) for fold in sorted(pair)]
    describe = config.orb if config.descriptor == "orb" else config.surf
    descriptors = _digest(denoise=denoise, held_out=held_out, name=config.descriptor, describe=describe)
    encodings = _digest(descriptors=descriptors, codebook=config.codebook)
    return PairKeys(denoise, descriptors, encodings, _digest(encodings=encodings, svm=config.svm))


@cache
def _program() -> str:
    root = Path(trainer.__file__).parent
    return _digest(fit=program_sha256(), files=[(root / name).read_text(encoding="utf-8") for name in SOURCES])


def _digest(**parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=dataclasses.asdict).encode()).hexdigest()
