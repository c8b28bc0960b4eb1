"""The fast gradient method (Goodfellow et al. 2015): one step, of the sign at an L-inf budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.types import F32
from trainer.attack.gradient import Batch, GradientAttack

__all__ = ["Fgsm"]


@dataclass(frozen=True, kw_only=True)
class Fgsm(GradientAttack):
    """The whole budget along the gradient at the clean clip."""

    name: ClassVar[str] = "fgsm"

    def ascend(self, batch: Batch, start: F32) -> tuple[F32, F32]:
        heights = batch(np.zeros_like(start))
        self.check_gradient(heights)
        return self.budget.steepest(heights.gradient), np.ones(len(start), dtype=np.float32)
