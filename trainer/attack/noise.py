"""The random twin: what noise of the same size does, the control for every attack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.types import F32
from trainer.attack.base import Attack, Target

__all__ = ["RandomNoise"]


@dataclass(frozen=True, kw_only=True)
class RandomNoise(Attack):
    """White Gaussian noise over the active part of the clip."""

    def directions(self, targets: Sequence[Target], /) -> list[F32]:
        rng = np.random.default_rng(self.seed)
        return [rng.standard_normal(len(target.samples), dtype=np.float32) for target in targets]
