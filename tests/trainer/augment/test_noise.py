"""Noise has the spectrum and the power it claims, and tests use none that training does."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.augment import TEST_NOISES, TRAIN_NOISES, coloured_noise, mix, noise_of


def test_train_and_test_noises_are_disjoint() -> None:
    assert not set(TRAIN_NOISES) & set(TEST_NOISES)
    assert {"white", "blue", "violet"} <= set(TRAIN_NOISES)
    assert {"pink", "brown", "hum"} <= set(TEST_NOISES)


@pytest.mark.parametrize("kind", [*TRAIN_NOISES, *TEST_NOISES])
def test_every_kind_is_seeded_and_of_unit_power(kind: str) -> None:
    first, second = (noise_of(kind, 16000, 16000, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.mean(first**2) == pytest.approx(1, rel=1e-3)


def test_hum_is_harmonics_of_the_mains() -> None:
    for seed in range(10):
        power = np.abs(np.fft.rfft(noise_of("hum", 16000, 16000, np.random.default_rng(seed)) * np.hanning(16000))) ** 2
        hertz = np.arange(len(power))
        base = 50 if power[45:56].sum() > power[56:66].sum() else 60
        off = np.abs(hertz / base - np.round(hertz / base)) * base
        assert power[off <= 0.02 * hertz + 3].sum() > 0.99 * power.sum()


@pytest.mark.parametrize(("kind", "slope"), [("white", 0), ("blue", 1), ("violet", 2), ("pink", -1), ("brown", -2)])
def test_colours_have_their_slope(kind: str, slope: float) -> None:
    noise = coloured_noise(kind, 2**16, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[2**k : 2 ** (k + 1)].mean() for k in range(6, 15)]
    assert np.mean(np.diff(np.log2(octaves))) == pytest.approx(slope, abs=0.1)
    assert np.mean(noise**2) == pytest.approx(1, rel=1e-3)


def test_mix_holds_the_snr() -> None:
    rng = np.random.default_rng(1)
    samples = (0.2 * rng.standard_normal(16000)).astype(np.float32)
    noise = coloured_noise("white", 16000, rng)
    added = mix(samples, noise, 10.0) - samples
    assert 10 * np.log10(np.mean(samples**2) / np.mean(added**2)) == pytest.approx(10, abs=0.01)
    assert not mix(np.zeros(16000, dtype=np.float32), noise, 10.0).any()
