"""Dense upright SURF descriptors of our own, as Haar maps and two small matrix products a scale.

Bay, Ess, Tuytelaars, Van Gool 2008, section 4.2, without orientation (U-SURF): a scalogram has an
upright, its axes are time and frequency. A descriptor covers 4x4 zones; each zone sums the Haar
responses (dx, dy, |dx|, |dy|), Gaussian-weighted about the descriptor's centre. The weights are
separable and the same everywhere, so all zones of all points are A · map · Bᵀ, with banded A and B.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from edge.errors import StageError
from edge.types import F32, Descriptors, Scalogram

__all__ = ["DenseSurf", "SurfScale"]

N_ZONES = 4
"""Zones a side"""
POINTS_A_BLOCK = 4
"""Zones of so many neighbouring points are one small dense product; what lies outside their band is never touched"""


@dataclass(frozen=True, slots=True)
class SurfScale:
    """One size of descriptor and the grid it is placed on."""

    zone_bands: int
    """Height of a zone, bands"""
    zone_frames: int
    """Width of a zone, frames"""
    stride_bands: int
    stride_frames: int


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The zones of some neighbouring points along one axis, and the cells that they cover."""

    zones: slice
    cells: slice
    weights: F32
    """(n_zones, n_cells)"""


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """Where the points stand along one axis, and the weights of their zones."""

    centres: F32
    """(n_points,)"""
    blocks: tuple[_Block, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DenseSurf:
    """Image (n_bands, n_frames) to descriptors (n_points, 64 + 2), ordered by scale, band, frame.

    Each row: 64 zone sums divided by (norm + `norm_offset`), then `frequency_weight` times the
    point's place on the frequency axis in [-1, 1], then `level_weight` · log(norm + `level_offset`):
    a texture alone does not say how high it sounds or how strong it is.
    """

    name: ClassVar[str] = "surf"
    n_bands: int
    n_frames: int
    scales: tuple[SurfScale, ...]
    sigma_zones: float
    """Standard deviation of the Gaussian weight in zones; SURF's 3.3 samples of 5-sample zones = 0.66"""
    unit_db: float
    """Level difference that counts as 1, dB"""
    norm_offset: float
    frequency_weight: float
    level_weight: float
    level_offset: float
    _weights: tuple[tuple[_Axis, _Axis, F32], ...] = field(init=False, repr=False)
    """A scale: zones along bands, zones along frames, and the points' frequency feature (n_y,)"""

    def __post_init__(self) -> None:
        weights = []
        for scale in self.scales:
            rows = _zone_axis(self.n_bands, scale.zone_bands, scale.stride_bands, self.sigma_zones)
            columns = _zone_axis(self.n_frames, scale.zone_frames, scale.stride_frames, self.sigma_zones)
            if len(rows.centres) == 0 or len(columns.centres) == 0:
                raise StageError(
                    self.name, wanted=f"an image large enough for {scale}", got=(self.n_bands, self.n_frames)
                )
            place = (2.0 * rows.centres / self.n_bands - 1.0) * self.frequency_weight
            weights.append((rows, columns, place.astype(np.float32)))
        object.__setattr__(self, "_weights", tuple(weights))

    def __call__(self, scalogram: Scalogram, /) -> Descriptors:
        """Describe the levels (n_bands, n_frames), dB above the floor."""
        level = scalogram.level_db
        if level.shape != (self.n_bands, self.n_frames):
            raise StageError(self.name, wanted=f"level_db must be ({self.n_bands}, {self.n_frames})", got=level.shape)
        if not np.isfinite(level).all():
            raise StageError(self.name, wanted="level_db must be finite", got="NaN or infinity")
        maps = _haar_maps(level / np.float32(self.unit_db))
        return Descriptors(values=np.concatenate([self._scale(maps, *weights) for weights in self._weights]))

    def _scale(self, maps: F32, rows: _Axis, columns: _Axis, place: F32) -> F32:
        """All descriptors of one scale, (n_y · n_x, 66)."""
        n_y, n_x = len(rows.centres), len(columns.centres)
        tall = np.empty((len(maps), n_y * N_ZONES, self.n_frames), dtype=np.float32)
        for block in rows.blocks:
            np.matmul(block.weights, maps[:, block.cells], out=tall[:, block.zones])
        flat = tall.reshape(-1, self.n_frames)
        sums = np.empty((len(flat), n_x * N_ZONES), dtype=np.float32)
        for block in columns.blocks:
            np.matmul(flat[:, block.cells], block.weights.T, out=sums[:, block.zones])
        zones = sums.reshape(len(maps), n_y, N_ZONES, n_x, N_ZONES).transpose(1, 3, 2, 4, 0)
        raw = zones.reshape(n_y * n_x, -1)
        norm = np.sqrt(np.einsum("ij,ij->i", raw, raw))
        values = np.empty((len(raw), raw.shape[1] + 2), dtype=np.float32)
        scale = 1.0 / (norm + np.float32(self.norm_offset) + np.float32(1e-9))
        np.multiply(raw, scale[:, None], out=values[:, :-2])
        values[:, -2] = np.repeat(place, n_x)
        values[:, -1] = np.float32(self.level_weight) * np.log(norm + np.float32(self.level_offset))
        return values


def _haar_maps(image: F32) -> F32:
    """Haar responses of side 2, (4, n_bands, n_frames): dx, dy, |dx|, |dy|; 0 on the first row and column.

    At (y, x) the wavelet covers rows y-1, y and columns x-1, x; dx is left minus right, dy is top minus bottom.
    """
    maps = np.zeros((4, *image.shape), dtype=np.float32)
    columns = image[:-1] + image[1:]
    rows = image[:, :-1] + image[:, 1:]
    maps[0, 1:, 1:] = columns[:, :-1] - columns[:, 1:]
    maps[1, 1:, 1:] = rows[:-1] - rows[1:]
    np.abs(maps[:2], out=maps[2:])
    return maps


def _zone_axis(n: int, zone: int, stride: int, sigma_zones: float) -> _Axis:
    """The zones of every point along an axis of n cells."""
    reach = N_ZONES // 2 * zone
    # A Haar response needs the pixel before it, so the first usable sample is 1.
    centres = np.arange(reach + 1, n - reach + 1, stride)
    gauss = np.exp(-0.5 * (np.arange(-reach, reach) / (sigma_zones * zone)) ** 2)
    blocks = []
    for first in range(0, len(centres), POINTS_A_BLOCK):
        points = centres[first : first + POINTS_A_BLOCK]
        begin = int(points[0]) - reach
        weights = np.zeros((len(points), N_ZONES, int(points[-1]) + reach - begin), dtype=np.float32)
        for i, centre in enumerate(points):
            for j in range(N_ZONES):
                at = int(centre) - reach - begin + j * zone
                weights[i, j, at : at + zone] = gauss[j * zone : (j + 1) * zone]
        blocks.append(
            _Block(
                zones=slice(first * N_ZONES, (first + len(points)) * N_ZONES),
                cells=slice(begin, begin + weights.shape[2]),
                weights=weights.reshape(-1, weights.shape[2]),
            )
        )
    return _Axis(centres=centres.astype(np.float32), blocks=tuple(blocks))
