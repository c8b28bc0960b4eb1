"""Natural evolution strategies (Ilyas et al. 2018) on time-frequency tiles, with or without a stand-in's gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from scipy.signal import istft, stft
from tqdm.auto import tqdm

from edge.types import F32
from trainer.attack.base import Attack, Found
from trainer.attack.budget import Target
from trainer.attack.victim import Victim

__all__ = ["Nes"]

N_FRAME = 512
"""Samples of a frame of the transform"""


@dataclass(frozen=True, kw_only=True)
class Nes(Attack):
    """Estimates by pairs of queries which tiles of a carrier to turn up, down or over; climbs along that.

    The carrier is noise; with `source`, a differentiable stand-in, it is the stand-in's gradient at the clip
    (a prior: Cheng et al. 2019), and the search begins at that gradient itself.
    """

    name: ClassVar[str] = "nes"
    source: Victim | None = field(default=None, repr=False)
    queries: int = 500
    pairs: int = 10
    """Pairs of queries for one step"""
    sigma: float = 0.5
    """Spread of the tried weights"""
    rate: float = 0.5
    """Length of a step, in the spread of the weights"""
    tile: tuple[int, int] = (16, 16)
    """Bins and frames of a tile"""

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        return [
            self.one(target, victim, target.rng(self.seed, i_try))
            for target in tqdm(targets, desc=self.name, unit="clip", disable=None)
        ]

    def one(self, target: Target, victim: Victim, rng: np.random.Generator) -> Found:
        """The search on one clip; it ends when the deployed program says another label."""
        tiles = self.tiles_of(target, rng)
        weights = np.ones(tiles.shape) if self.source is not None else rng.standard_normal(tiles.shape)
        n_queries = 0

        def margin(at: Any) -> float:
            nonlocal n_queries
            n_queries += 1
            return victim.judge(self.budget.apply(target, tiles(at))).margin(target.label)

        best, best_margin = weights, margin(weights)
        while best_margin <= 0 and n_queries + 2 * self.pairs + 1 <= self.queries:
            slope = np.zeros(tiles.shape)
            for _ in range(self.pairs):
                away = rng.standard_normal(tiles.shape)
                slope += (margin(weights + self.sigma * away) - margin(weights - self.sigma * away)) * away
            weights = weights + self.rate * slope / max(float(np.sqrt(np.mean(slope**2))), 1e-12)
            here = margin(weights)
            if here > best_margin:
                best, best_margin = weights, here
        return Found(raw=tiles(best), queries=n_queries)

    def tiles_of(self, target: Target, rng: np.random.Generator) -> Tiles:
        """The carrier of one clip, in tiles."""
        if self.source is None:
            carrier = self.budget.noise(rng, len(target.samples))
        else:
            carrier = gradient_at(self.source, target)
        return Tiles.of(carrier * target.active(), self.tile)


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """A carrier that can be weighted tile by tile."""

    spectrum: Any
    """(n_bins, n_frames), complex"""
    tile: tuple[int, int]
    n_samples: int

    @classmethod
    def of(cls, carrier: F32, tile: tuple[int, int]) -> Tiles:
        """Of a carrier (n_samples,)."""
        return cls(stft(carrier, nperseg=N_FRAME)[2], tile, len(carrier))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of tiles over frequency and time."""
        bins, frames = (-(-n // side) for n, side in zip(self.spectrum.shape, self.tile, strict=True))
        return bins, frames

    def __call__(self, weights: Any) -> F32:
        """Weights (of `shape`) to a perturbation (n_samples,)."""
        n_bins, n_frames = self.spectrum.shape
        full = np.kron(weights, np.ones(self.tile))[:n_bins, :n_frames]
        raw: F32 = istft(self.spectrum * full, nperseg=N_FRAME)[1][: self.n_samples].astype(np.float32)
        return np.pad(raw, (0, self.n_samples - len(raw)))


def gradient_at(source: Victim, target: Target) -> F32:
    """Of a stand-in's log odds at the clean clip, (n_samples,)."""
    import tensorflow as tf

    n_seen = source.length(len(target.samples))
    row = np.pad(target.samples[:n_seen], (0, max(0, n_seen - len(target.samples))))
    gradient = source.climb("odds", n_seen)(tf.constant(row[None]), tf.constant([target.label], tf.int32), 10.0)[3]
    found = np.zeros_like(target.samples)
    found[: min(n_seen, len(found))] = gradient.numpy()[0, : len(found)]
    return found
