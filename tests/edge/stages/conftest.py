"""One instance of every stage, with small seeded parameters, and an input that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from edge.stages.codebook import ENCODINGS, Codebook
from edge.stages.enhance import Enhance
from edge.stages.gate import Gate
from edge.stages.lowrank import LowRank
from edge.stages.novelty import ClassNovelty
from edge.stages.orb import DenseOrb
from edge.stages.scalogram import MorletScalogram
from edge.stages.surf import DenseSurf, SurfScale
from edge.stages.suspicion import ConformalSuspicion
from edge.stages.svm import QuadraticSvm
from edge.types import Descriptors, Encoding, Novelty, Scalogram, Scores, Window

RATE_HZ = 16000
N_BANDS, N_FRAMES = 64, 80


@dataclass(frozen=True)
class Case:
    """A stage, an input it takes, the input's array, and an array of a wrong shape."""

    stage: Any
    make: Any
    """array -> input"""
    array: np.ndarray
    wrong: np.ndarray


@dataclass(frozen=True)
class OnEncodings:
    """The one stage with two inputs, with one of them held fast."""

    novelty: ClassNovelty
    scores: Scores
    name = ClassNovelty.name

    def __call__(self, value: Encoding) -> Novelty:
        return self.novelty(value, self.scores)


def image_input(array: np.ndarray) -> Scalogram:
    return Scalogram(array, peak_db=-3.0)


def make_cases() -> list[Case]:
    rng = np.random.default_rng(0)

    def f32(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    image = (15 + 5 * f32(N_BANDS, N_FRAMES)).clip(0, 30)
    samples = 0.1 * f32(2 * RATE_HZ)
    scalogram = MorletScalogram(
        rate_hz=RATE_HZ, window_s=2.0, n_bands=N_BANDS, min_hz=40, max_hz=7600, omega0=6, hop_s=0.025, split_hz=500
    )
    surf = DenseSurf(
        n_bands=N_BANDS,
        n_frames=N_FRAMES,
        scales=(SurfScale(4, 4, 4, 6), SurfScale(4, 8, 8, 8)),
        sigma_zones=0.66,
        unit_db=20,
        norm_offset=0.05,
        frequency_weight=1,
        level_weight=0.2,
        level_offset=0.02,
    )
    orb = DenseOrb(
        n_bands=N_BANDS, n_frames=N_FRAMES, patch=31, stride_bands=4, stride_frames=6, full_db=30, frequency_weight=1
    )
    svm = QuadraticSvm(projection=f32(4, 20), quad=f32(3, 10), linear=f32(3, 4), bias=f32(3), temperature=0.5)
    suspicion = ConformalSuspicion(
        quantiles=np.sort(f32(5, 11), axis=1), calibration=np.sort(rng.random(50).astype(np.float32))
    )

    novelty = ClassNovelty(
        projection=f32(3, 5), means=f32(3, 3), centres=f32(3, 2), weights=np.abs(f32(2)), bias=0.1, threshold=0.7
    )

    def window(array: np.ndarray) -> Window:
        return Window(array, RATE_HZ, 0.0)

    def encoding(array: np.ndarray) -> Encoding:
        return Encoding(array, distance=0.0)

    decided = Scores(values=f32(3), probabilities=f32(3))

    cases = [
        Case(Gate(quiet_dbfs=-60, clipped_fraction=0.2), window, samples, f32(2, 3)),
        Case(scalogram, window, samples, f32(100)),
        Case(Enhance(floor_db=30, background=0.5, highboost=0.5, blur=3), image_input, image, f32(3, 3)),
        Case(LowRank(test_matrix=f32(N_FRAMES, 16), rank=8), image_input, image, f32(N_BANDS, 7)),
        Case(surf, image_input, image, f32(N_BANDS, 7)),
        Case(orb, image_input, image, f32(N_BANDS, 7)),
        Case(svm, encoding, f32(20), f32(7)),
        Case(suspicion, np.asarray, f32(5), f32(4)),
        Case(OnEncodings(novelty, decided), encoding, f32(5), f32(4)),
    ]
    codebooks = (Codebook(axes=f32(10, 9), words=f32(8, 9), encoding=name) for name in ENCODINGS)
    return [*cases, *(Case(codebook, Descriptors, f32(50, 10), f32(50, 9)) for codebook in codebooks)]


CASES = make_cases()
CASE_IDS = [f"{case.stage.name}-{getattr(case.stage, 'encoding', '')}".rstrip("-") for case in CASES]


@pytest.fixture(params=CASES, ids=CASE_IDS)
def case(request: pytest.FixtureRequest) -> Case:
    """Every stage but the autoencoder, whose model comes with a bundle (test_denoise.py)."""
    found: Case = request.param
    return found
