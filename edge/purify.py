"""SVD and autoencoder in the bundle's order: what the classifier sees of an enhanced image."""

from __future__ import annotations

from dataclasses import dataclass

from edge.stages.denoise import Denoise
from edge.stages.lowrank import LowRank
from edge.stages.off import NoDenoise, NoLowRank
from edge.stages.suspicion import residuals
from edge.types import F32, Denoised, Scalogram

__all__ = ["Purified", "Purifier"]


@dataclass(frozen=True, slots=True, eq=False)
class Purified:
    """Both intermediate images, the last one, and what was taken away."""

    lowrank: Scalogram
    """After the SVD"""
    denoised: Denoised
    """After the autoencoder"""
    image: Scalogram
    """The last of the two"""
    residuals: F32
    """(2,): what autoencoder and SVD took away, root mean square, dB"""


@dataclass(frozen=True, slots=True)
class Purifier:
    """Both stages in either order; each may be off."""

    lowrank: LowRank | NoLowRank
    denoise: Denoise | NoDenoise
    denoise_first: bool
    """The autoencoder before the SVD, not after it"""

    def __call__(self, enhanced: Scalogram, /) -> Purified:
        """Purify the levels (n_bands, n_frames), dB above the floor."""
        if self.denoise_first:
            denoised = self.denoise(enhanced)
            before, lowrank = denoised.scalogram, self.lowrank(denoised.scalogram)
            image = lowrank
        else:
            before, lowrank = enhanced, self.lowrank(enhanced)
            denoised = self.denoise(lowrank)
            image = denoised.scalogram
        return Purified(lowrank, denoised, image, residuals(before, lowrank, denoised))
