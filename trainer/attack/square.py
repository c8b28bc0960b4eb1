"""Square attack (Andriushchenko et al. 2020) in one dimension: random search by stretches of a square wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from edge.types import F32
from trainer.attack.base import Attack, Found
from trainer.attack.budget import Linf, Target
from trainer.attack.victim import Victim

__all__ = ["Square"]

HALVINGS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the queries after which stretches become half as long, after the paper's schedule"""
BAND_HZ = (60.0, 7000.0)
LOUDER = (0.5, 4.0)
"""A new stretch's amplitude over the perturbation's, where the budget is a sum"""


@dataclass(frozen=True, kw_only=True)
class Square(Attack):
    """Puts a square wave of random place, frequency and phase in the perturbation; keeps it if the margin grows.

    The original's squares are constant; a constant stretch of sound is silence to a scalogram that begins at 40 Hz.
    """

    name: ClassVar[str] = "square"
    queries: int = 500
    share: float = 0.3
    """Length of the first stretches, of the clip"""

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        return [
            self.one(target, victim, target.rng(self.seed, i_try))
            for target in tqdm(targets, desc=self.name, unit="clip", disable=None)
        ]

    def one(self, target: Target, victim: Victim, rng: np.random.Generator) -> Found:
        """The search on one clip; it ends when the deployed program says another label."""
        active, sizes = target.active(), np.array([[self.budget.size(target)]], dtype=np.float32)

        def sized(raw: F32) -> F32:
            rows = self.budget.onto((raw * active)[None], sizes)
            row: F32 = rows[0]
            return row

        best = sized(self.budget.noise(rng, len(target.samples)))
        best_margin = -np.inf
        for i in range(self.queries):
            tried = best if i == 0 else sized(self.changed(best, active, target.rate_hz, i, rng))
            margin = victim.judge(self.budget.apply(target, tried)).margin(target.label)
            if margin > best_margin:
                best, best_margin = tried, margin
            if best_margin > 0:
                break
        return Found(raw=best, queries=i + 1)

    def changed(self, raw: F32, active: NDArray[np.bool_], rate_hz: int, i: int, rng: np.random.Generator) -> F32:
        """`raw` with one stretch of a square wave in the active part."""
        halvings = sum(i > share * self.queries for share in HALVINGS)
        where = np.flatnonzero(active)
        length = max(rate_hz // 100, round(self.share * len(where) / 2**halvings))
        start = where[rng.integers(max(1, len(where) - length))]
        piece = slice(start, min(start + length, len(raw)))
        hertz = np.exp(rng.uniform(*np.log(BAND_HZ)))
        t = np.arange(piece.stop - piece.start) / rate_hz
        wave = np.sign(np.sin(2 * np.pi * (hertz * t + rng.random())))
        level = np.abs(raw).max() if isinstance(self.budget, Linf) else np.sqrt(np.mean(raw[where] ** 2))
        louder = 1.0 if isinstance(self.budget, Linf) else np.exp(rng.uniform(*np.log(LOUDER)))
        found = raw.copy()
        found[piece] = (level * louder * wave).astype(np.float32)
        return found
