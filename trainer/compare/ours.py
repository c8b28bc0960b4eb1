"""The pipeline as deployed, whole or with one thing in its configuration changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.bundle import Bundle, read_bundle
from edge.clip import judge_samples
from edge.stages.denoise import Denoise
from edge.stages.off import NoDenoise
from edge.types import F32
from trainer.config import TrainerConfig
from trainer.data import Dataset
from trainer.lofo import fold_bundle
from trainer.run_models import FloatDenoise

__all__ = ["Pipeline", "PipelineSystem", "n_weights"]


@dataclass(frozen=True, slots=True, eq=False)
class PipelineSystem:
    """An exported bundle; its likeliest label counts, abstained or not, as in every accuracy."""

    bundle: Bundle
    run: Path
    """The run that it was exported from"""

    @property
    def train_clips(self) -> frozenset[str]:
        return self.bundle.train_clips

    @property
    def n_parameters(self) -> int:
        """Values of the bundle's arrays and of its autoencoder's weights."""
        return sum(int(np.prod(entry["shape"])) for entry in self.bundle.manifest["arrays"].values()) + n_weights(
            self.bundle.pipeline.denoise, self.run
        )

    @property
    def n_bytes(self) -> int:
        """Of the bundle's folder, model card and golden windows too."""
        return sum(path.stat().st_size for path in self.bundle.path.iterdir())

    def judge(self, samples: F32, /) -> str | None:
        """The likeliest label of a recording (n_samples,); None where the gate stopped every window."""
        return judge_samples(self.bundle, samples).best


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A configuration away from the given one by `change`."""

    name: str
    what: str
    change: Callable[[TrainerConfig], TrainerConfig] = lambda config: config

    def fit(self, training: Dataset, config: TrainerConfig, folder: Path) -> PipelineSystem:
        """Fit and export, or take what is finished in `folder`."""
        return PipelineSystem(fold_bundle(training, self.change(config), folder), folder / "run")

    def read(self, _config: TrainerConfig, folder: Path) -> PipelineSystem:
        """The bundle in `folder`."""
        return PipelineSystem(read_bundle(folder / "bundle"), folder / "run")


def n_weights(denoise: Denoise | NoDenoise, run: Path) -> int:
    """Weights of the autoencoder, counted in the float one that it was made from; loads TensorFlow."""
    if isinstance(denoise, NoDenoise):
        return 0
    return int(FloatDenoise.read(run, scale_db=denoise.scale_db, dead_db=denoise.dead_db).model.count_params())
