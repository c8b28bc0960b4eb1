from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import read_bundle
from edge.demo.noise import F64
from edge.demo.synth import imitate
from edge.demo.tamper import Tampered, at_snr, search

RATE_HZ = 16000


def snr_db(samples: F64, delta: F64) -> float:
    return float(10 * np.log10(np.sum(samples**2) / np.sum(delta**2)))


@pytest.mark.parametrize("wanted_db", [-10.0, 0.0, 25.0, 40.0])
def test_at_snr_is_exact(wanted_db: float) -> None:
    rng = np.random.default_rng(0)
    samples, delta = rng.standard_normal((2, 1000))
    assert snr_db(samples, at_snr(delta, samples, wanted_db)) == pytest.approx(wanted_db)


def test_no_perturbation_stays_none() -> None:
    assert not at_snr(np.zeros(10), np.ones(10), 20).any()


@pytest.fixture(scope="module")
def samples() -> F64:
    return imitate("rain", n=5 * RATE_HZ, rate_hz=RATE_HZ, seed=1)


class TestSearch:
    def attack(self, folder: Path, samples: F64, max_queries: int, stop: threading.Event | None = None) -> Tampered:
        bundle = read_bundle(folder)
        return search(
            bundle,
            samples,
            bundle.labels[0],
            snr_db=10.0,
            max_queries=max_queries,
            max_s=60.0,
            rng=np.random.default_rng(0),
            stop=stop or threading.Event(),
        )

    def test_keeps_its_budget_and_never_loses_ground(self, reference_bundle: Path, samples: F64) -> None:
        few, many = (self.attack(reference_bundle, samples, n) for n in (2, 30))
        for found in (few, many):
            assert snr_db(samples, found.delta) == pytest.approx(10.0)
            assert found.delta.shape == samples.shape
        assert (few.queries, many.queries) == (2, 30)
        assert many.margin_after < few.margin_after
        assert many.margin_before == few.margin_before

    def test_stops_when_told(self, reference_bundle: Path, samples: F64) -> None:
        stop = threading.Event()
        stop.set()
        assert self.attack(reference_bundle, samples, 30, stop).queries == 2
