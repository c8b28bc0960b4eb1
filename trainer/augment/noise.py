"""Noise for training, and the kinds that are kept out of it so that tests can use them."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from edge.types import F32

__all__ = ["COLOURS", "TEST_NOISES", "TRAIN_NOISES", "coloured_noise", "mains_hum", "mix", "noise_of"]

COLOURS = {"white": 0.0, "blue": 1.0, "violet": 2.0, "pink": -1.0, "brown": -2.0}
"""Exponent of the power spectrum over frequency"""
TRAIN_NOISES = ("white", "blue", "violet", "band")
TEST_NOISES = ("pink", "brown", "hum")
"""Never seen in training: figures under these say what a stage does to noise it does not know."""
MIN_HZ, MAX_HZ = 40.0, 3000.0
"""Lower edges of band noise; it is one to four octaves wide."""
MAINS_HZ = (50.0, 60.0)
MAINS_DRIFT = 0.002
"""Standard deviation of the mains frequency, relative"""
N_HARMONICS = 16


def noise_of(kind: str, n_samples: int, rate_hz: int, rng: Generator) -> F32:
    """Noise (n_samples,) of any kind of TRAIN_NOISES and TEST_NOISES, unit power."""
    if kind == "band":
        return band_noise(n_samples, rate_hz, rng)
    if kind == "hum":
        return mains_hum(n_samples, rate_hz, rng)
    return coloured_noise(kind, n_samples, rng)


def coloured_noise(kind: str, n_samples: int, rng: Generator) -> F32:
    """Noise (n_samples,) with a power-law spectrum and unit power."""
    frequencies = np.fft.rfftfreq(n_samples)
    frequencies[0] = frequencies[1]
    spectrum = np.fft.rfft(rng.standard_normal(n_samples)) * frequencies ** (COLOURS[kind] / 2)
    return _unit(np.fft.irfft(spectrum, n_samples))


def band_noise(n_samples: int, rate_hz: int, rng: Generator) -> F32:
    """White noise (n_samples,) of a random band, unit power."""
    low = float(np.exp(rng.uniform(np.log(MIN_HZ), np.log(MAX_HZ))))
    high = min(low * 2.0 ** rng.uniform(1.0, 4.0), rate_hz / 2)
    frequencies = np.fft.rfftfreq(n_samples, 1 / rate_hz)
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    spectrum[(frequencies < low) | (frequencies > high)] = 0.0
    return _unit(np.fft.irfft(spectrum, n_samples))


def mains_hum(n_samples: int, rate_hz: int, rng: Generator) -> F32:
    """Harmonics of 50 or 60 Hz (n_samples,), falling by about 4 dB an octave with random levels, unit power."""
    base_hz = float(rng.choice(MAINS_HZ)) * (1.0 + MAINS_DRIFT * rng.standard_normal())
    harmonic = np.arange(1, min(N_HARMONICS, int(rate_hz / 2 / base_hz)) + 1)[:, None]
    level = harmonic**-0.7 * np.exp(0.3 * rng.standard_normal(harmonic.shape))
    phase = rng.uniform(0.0, 2.0 * np.pi, harmonic.shape)
    t = np.arange(n_samples) / rate_hz
    return _unit(np.sum(level * np.sin(2.0 * np.pi * base_hz * harmonic * t + phase), axis=0))


def mix(samples: F32, noise: F32, snr_db: float) -> F32:
    """Add unit-power noise (n_samples,) at an SNR over the whole window; digital silence stays as it is."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return (samples + noise * np.float32(np.sqrt(power / 10.0 ** (snr_db / 10.0)))).astype(np.float32)


def _unit(noise: np.ndarray) -> F32:
    scaled: F32 = (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return scaled
