"""Carlini and Wagner's L2 attack (2017): the smallest perturbation, not the most of a given one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.types import F32
from trainer.attack.gradient import Batch, GradientAttack

__all__ = ["CarliniWagner"]


@dataclass(frozen=True, kw_only=True)
class CarliniWagner(GradientAttack):
    """Adam on size² - weight · min(margin, confidence), the weight by search; then scaled up to the budget.

    Sizes are in units of the budget, so that one search suits every clip. Bounds are kept by clipping instead of
    the original's change of variables: its tanh has no slope at full scale, where loud clips stand.
    """

    name: ClassVar[str] = "cw"
    loss: str = "margin"
    betas: tuple[float, ...] = (10.0,)
    n_steps: int = 60
    n_searches: int = 3
    """Of the weight: up where the clip is not fooled, halfway down where it is"""
    rate: float = 0.1
    """Of Adam, in budgets"""
    weight: float = 1.0
    """To begin with, budgets² a log odd"""
    confidence: float = 0.2
    """Log odds of a wrong label that are enough"""

    def ascend(self, batch: Batch, start: F32) -> tuple[F32, F32]:
        n = len(start)
        low, high = np.zeros((n, 1), dtype=np.float32), np.full((n, 1), np.inf, dtype=np.float32)
        weight = np.full((n, 1), self.weight, dtype=np.float32)
        best, best_size = np.zeros_like(start), np.full(n, np.inf, dtype=np.float32)
        closest, closest_odds = start, np.full(n, -np.inf, dtype=np.float32)
        for _ in range(self.n_searches):
            x, found = np.zeros_like(start), np.zeros(n, dtype=bool)
            first, second = np.zeros_like(x), np.zeros_like(x)
            for i in range(1, self.n_steps + 1):
                heights = batch(x * batch.sizes)
                if i == 1:
                    self.check_gradient(heights)
                size = np.sum(x * x, axis=1)
                fooled = heights.odds > 0
                smaller = fooled & (size < best_size)
                best, best_size = np.where(smaller[:, None], x, best), np.where(smaller, size, best_size)
                closer = heights.odds > closest_odds
                closest = np.where(closer[:, None], x, closest)
                closest_odds = np.maximum(closest_odds, heights.odds)
                found |= fooled
                wanting = (heights.odds < self.confidence)[:, None].astype(np.float32)
                gradient = 2 * x - weight * wanting * heights.gradient * batch.sizes
                first = (0.9 * first + 0.1 * gradient).astype(np.float32)
                second = (0.999 * second + 0.001 * gradient * gradient).astype(np.float32)
                update = first / (1 - 0.9**i) / (np.sqrt(second / (1 - 0.999**i)) + 1e-12)
                x = x - self.rate * update * self.scale(batch)
            high = np.where(found[:, None], np.minimum(high, weight), high).astype(np.float32)
            low = np.where(found[:, None], low, weight).astype(np.float32)
            weight = np.where(np.isfinite(high), (low + high) / 2, weight * 10).astype(np.float32)
        best = np.where((best_size < np.inf)[:, None], best, closest)
        best = np.where(best.any(axis=1, keepdims=True), best, start)
        return best, np.full(n, float(self.n_searches * self.n_steps), dtype=np.float32)

    @staticmethod
    def scale(batch: Batch) -> F32:
        """What every one of the active values contributes to a perturbation of size 1, (n, 1); 0 elsewhere."""
        scaled: F32 = batch.active / np.sqrt(np.maximum(batch.active.sum(axis=1, keepdims=True), 1.0))
        return scaled
