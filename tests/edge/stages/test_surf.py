"""Our dense SURF against mahotas, and what its rows mean."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.surf import DenseSurf, SurfScale
from edge.types import Scalogram


def plain_surf(n_bands: int, n_frames: int, stride: int = 1) -> DenseSurf:
    """SURF at scale 1 as mahotas has it: 5x5 samples a zone, sigma 3.3 samples, no offsets."""
    return DenseSurf(
        n_bands=n_bands,
        n_frames=n_frames,
        scales=(SurfScale(5, 5, stride, stride),),
        sigma_zones=3.3 / 5,
        unit_db=1,
        norm_offset=0,
        frequency_weight=1,
        level_weight=1,
        level_offset=1e-6,
    )


def test_equals_mahotas_at_angle_0() -> None:
    """Mahotas turns every descriptor to its dominant angle, which is 0 where an image falls along the
    first axis and is a mirror of itself along the second: so each image is tested on its axis of symmetry.
    """
    surf = pytest.importorskip("mahotas.features.surf", reason="mahotas, the oracle, has wheels for x86 only")
    rng = np.random.default_rng(2)
    size, axis = 64, 32
    compared = 0
    for _ in range(20):
        image = rng.standard_normal((size, size)) - 2.0 * np.arange(size)[:, None]
        # Pixels axis-1-k and axis+k are mirror images: wavelets at column `axis` cover axis-1 and axis.
        image[:, :axis] = image[:, : axis - 1 : -1]
        # A quarter of a pixel keeps mahotas' truncation of coordinates away from whole numbers.
        points = np.array([[y + 0.25, axis + 0.25, 1.0, 1.0, 1.0] for y in range(16, 48)])
        found = surf.descriptors(image, points, is_integral=False, descriptor_only=False)
        upright = found[np.abs(found[:, 5]) < 1e-6]
        stage = plain_surf(size, size)
        values = stage(Scalogram(image.astype(np.float32), 0.0)).values
        n_x = size - 20
        for row in upright:
            ours = values[(int(row[0]) - 11) * n_x + (axis - 11), :64]
            # mahotas gives dy, dx, |dy|, |dx|.
            theirs = row[6:].reshape(16, 4)[:, [1, 0, 3, 2]].ravel()
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
            compared += 1
    assert compared >= 100


def test_zones_are_plain_sums() -> None:
    """Against four nested loops, at a size where zones are not square."""
    stage = DenseSurf(
        n_bands=40,
        n_frames=50,
        scales=(SurfScale(4, 6, 7, 5),),
        sigma_zones=0.66,
        unit_db=20,
        norm_offset=0.05,
        frequency_weight=0.5,
        level_weight=0.2,
        level_offset=0.02,
    )
    image = np.random.default_rng(3).random((40, 50)).astype(np.float32) * 30
    values = stage(Scalogram(image, 0.0)).values
    scaled = image.astype(np.float64) / 20
    centres = [(y, x) for y in range(9, 33, 7) for x in range(13, 39, 5)]
    assert len(values) == len(centres)
    for row, (y, x) in zip(values, centres, strict=True):
        zones = np.zeros((4, 4, 4))
        for dy in range(-8, 8):
            for dx in range(-12, 12):
                f = scaled[y + dy - 1 : y + dy + 1, x + dx - 1 : x + dx + 1]
                weight = np.exp(-0.5 * ((dy / (0.66 * 4)) ** 2 + (dx / (0.66 * 6)) ** 2))
                h = f[:, 0].sum() - f[:, 1].sum()
                v = f[0].sum() - f[1].sum()
                zones[(dy + 8) // 4, (dx + 12) // 6] += weight * np.array([h, v, abs(h), abs(v)])
        norm = np.sqrt((zones**2).sum())
        np.testing.assert_allclose(row[:64], zones.ravel() / (norm + 0.05), atol=1e-5)
        np.testing.assert_allclose(row[64], 0.5 * (2 * y / 40 - 1), atol=1e-6)
        np.testing.assert_allclose(row[65], 0.2 * np.log(norm + 0.02), atol=1e-5)


def test_flat_image_gives_no_texture() -> None:
    values = plain_surf(40, 40)(Scalogram(np.full((40, 40), 7, dtype=np.float32), 0.0)).values
    np.testing.assert_allclose(values[:, :64], 0, atol=1e-6)
