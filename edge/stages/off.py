"""Stages that are left out: a bundle without SVD, autoencoder or novelty says so by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edge.types import Denoised, Encoding, Scalogram, Scores

__all__ = ["NoDenoise", "NoLowRank", "NoNovelty"]


@dataclass(frozen=True, slots=True)
class NoLowRank:
    """In the place of the SVD: the image as it is."""

    name: ClassVar[str] = "no_lowrank"

    def __call__(self, scalogram: Scalogram, /) -> Scalogram:
        """Levels (n_bands, n_frames), unchanged."""
        return scalogram


@dataclass(frozen=True, slots=True)
class NoDenoise:
    """In the place of the autoencoder: the image as it is, nothing taken away."""

    name: ClassVar[str] = "no_denoise"

    def __call__(self, scalogram: Scalogram, /) -> Denoised:
        """Levels (n_bands, n_frames), unchanged."""
        return Denoised(scalogram=scalogram, residual_db=0.0)


@dataclass(frozen=True, slots=True)
class NoNovelty:
    """In the place of the novelty: nothing is unknown."""

    name: ClassVar[str] = "no_novelty"

    def __call__(self, encoding: Encoding, scores: Scores, /) -> None:
        """Neither is looked at."""
