"""The descriptor stage of a configuration: dense SURF or dense ORB, parameters only."""

from __future__ import annotations

from edge.stages.orb import DenseOrb
from edge.stages.scalogram import MorletScalogram
from edge.stages.surf import DenseSurf, SurfScale
from trainer.config import TrainerConfig

__all__ = ["Describe", "build_descriptor"]

Describe = DenseSurf | DenseOrb


def build_descriptor(config: TrainerConfig, scalogram: MorletScalogram) -> Describe:
    """For images of the scalogram's size."""
    if config.descriptor == "orb":
        o = config.orb
        return DenseOrb(
            n_bands=scalogram.n_bands,
            n_frames=scalogram.n_frames,
            patch=o.patch,
            stride_bands=o.stride_bands,
            stride_frames=o.stride_frames,
            full_db=config.enhance.floor_db,
            frequency_weight=o.frequency_weight,
        )
    s = config.surf
    return DenseSurf(
        n_bands=scalogram.n_bands,
        n_frames=scalogram.n_frames,
        scales=tuple(SurfScale(*scale) for scale in s.scales),
        sigma_zones=s.sigma_zones,
        unit_db=s.unit_db,
        norm_offset=s.norm_offset,
        frequency_weight=s.frequency_weight,
        level_weight=s.level_weight,
        level_offset=s.level_offset,
    )
