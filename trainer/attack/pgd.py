"""Projected gradient descent (Madry et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.types import F32
from trainer.attack.gradient import Batch, GradientAttack

__all__ = ["Pgd"]


@dataclass(frozen=True, kw_only=True)
class Pgd(GradientAttack):
    """Steps of one length from a random start; the best iterate of all restarts is kept."""

    name: ClassVar[str] = "pgd"
    n_steps: int = 60
    step: float = 0.1
    """Length of a step, share of the budget"""
    n_restarts: int = 2

    def ascend(self, batch: Batch, start: F32) -> tuple[F32, F32]:
        best, best_loss = start, np.full(len(start), -np.inf, dtype=np.float32)
        rng = np.random.default_rng(self.seed)
        for i_restart in range(self.n_restarts):
            x = start if i_restart == 0 else self.another(batch, rng)
            for i in range(self.n_steps + 1):
                heights = batch(x)
                if i == 0:
                    self.check_gradient(heights)
                # A start at the clean clip is no perturbation.
                better = (heights.loss > best_loss) & x.any(axis=1)
                best = np.where(better[:, None], x, best)
                best_loss = np.where(better, heights.loss, best_loss)
                if i < self.n_steps:
                    step = self.step * batch.sizes * self.budget.steepest(heights.gradient)
                    x = self.budget.onto(x + step, batch.sizes)
        return best, np.full(len(start), self.n_restarts * (self.n_steps + 1.0), dtype=np.float32)

    def another(self, batch: Batch, rng: np.random.Generator) -> F32:
        """A new random start (n, n_values)."""
        rows = np.stack([self.budget.noise(rng, batch.clean.shape[1]) for _ in batch.clean])
        return self.budget.onto(rows * batch.active, batch.sizes)
