"""What every compared system has in common, and the frame of those that judge window by window."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from edge.framing import windows_of
from edge.types import F32
from trainer.baselines.sounds import Feature, Learnt, read_features
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable

__all__ = ["Baseline", "Fitted", "System", "WindowSystem", "emptied"]

CARD = "system.json"


class Fitted(Protocol):
    """A system that has learnt the clips of some folds."""

    @property
    def train_clips(self) -> frozenset[str]:
        """SHA-256 of every clip that it was fitted on."""

    @property
    def n_parameters(self) -> int:
        """Learnt values."""

    @property
    def n_bytes(self) -> int:
        """Of the files that a device would need."""

    def judge(self, samples: F32, /) -> str | None:
        """The likeliest label of a recording (n_samples,) at the configuration's rate; None if it is not judged."""


class System(Protocol):
    """One way to classify sound."""

    @property
    def name(self) -> str:
        """For the command line."""

    @property
    def what(self) -> str:
        """For the table: what it is, in a few words."""

    def fit(self, training: Dataset, config: TrainerConfig, folder: Path) -> Fitted:
        """Learn all clips of `training`; what is needed afterwards is written into `folder`."""

    def read(self, config: TrainerConfig, folder: Path) -> Fitted:
        """What `fit` left in `folder`."""


Head = Callable[[F32], F32]
"""That array to scores (n_classes,)"""


@dataclass(frozen=True, slots=True, eq=False)
class WindowSystem:
    """A fitted baseline: windows as the pipeline frames them, the mean of their scores decides."""

    config: TrainerConfig
    labels: tuple[str, ...]
    train_clips: frozenset[str]
    n_parameters: int
    n_bytes: int
    feature: Feature
    head: Head

    def judge(self, samples: F32, /) -> str | None:
        """The likeliest label of a recording (n_samples,)."""
        c = self.config.scalogram
        windows = windows_of(samples, rate_hz=c.rate_hz, window_s=c.window_s, hop_s=c.hop_s)
        scores = np.mean([self.head(self.feature(window.samples)) for window in windows], axis=0)
        return self.labels[int(np.argmax(scores))]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A feature and a head; the file of each says which."""

    name: str
    what: str
    make_feature: Callable[[TrainerConfig], Feature]
    fit_head: Callable[[Learnt, int, TrainerConfig, Path], int]
    """Learnt features and number of classes to files in the folder; gives the number of parameters"""
    read_head: Callable[[Path], Head]
    noisy: bool = True
    """Learns from noisy copies, too"""

    def fit(self, training: Dataset, config: TrainerConfig, folder: Path) -> WindowSystem:
        """Learn windows and copies of all clips, write the head, and read it back as a device would."""
        check_trainable(training)
        learnt = read_features(training, config, self.make_feature(config), noisy=self.noisy)
        emptied(folder)
        n_parameters = self.fit_head(learnt, len(training.labels), config, folder)
        card = {
            "labels": training.labels,
            "n_parameters": n_parameters,
            "train_clips": sorted({clip.sha256 for clip in training.clips}),
        }
        (folder / CARD).write_text(json.dumps(card) + "\n", encoding="utf-8")
        return self.read(config, folder)

    def read(self, config: TrainerConfig, folder: Path) -> WindowSystem:
        """What `fit` left in `folder`."""
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return WindowSystem(
            config=config,
            labels=tuple(card["labels"]),
            train_clips=frozenset(card["train_clips"]),
            n_parameters=card["n_parameters"],
            n_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.suffix in (".npz", ".tflite")),
            feature=self.make_feature(config),
            head=self.read_head(folder),
        )


def emptied(folder: Path) -> Path:
    """The folder, new: what another configuration or a run that was stopped left there is gone."""
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
