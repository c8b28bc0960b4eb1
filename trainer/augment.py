"""Noise for training, and the kinds that are kept out of it so that tests can use them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from edge.types import F32, Scalogram

__all__ = ["TEST_NOISES", "TRAIN_NOISES", "coloured_noise", "mix", "shift_pitch", "training_noise"]

COLOURS = {"white": 0.0, "blue": 1.0, "violet": 2.0, "pink": -1.0, "brown": -2.0}
"""Exponent of the power spectrum over frequency"""
TRAIN_NOISES = ("white", "blue", "band")
TEST_NOISES = ("violet", "pink", "brown")
"""Never seen in training: figures under these say what a stage does to noise it does not know."""
MIN_HZ, MAX_HZ = 40.0, 3000.0
"""Lower edges of band noise; it is one to four octaves wide."""


def coloured_noise(kind: str, n_samples: int, rng: Generator) -> F32:
    """Noise (n_samples,) with a power-law spectrum and unit power."""
    frequencies = np.fft.rfftfreq(n_samples)
    frequencies[0] = frequencies[1]
    spectrum = np.fft.rfft(rng.standard_normal(n_samples)) * frequencies ** (COLOURS[kind] / 2)
    return _unit(np.fft.irfft(spectrum, n_samples))


def training_noise(n_samples: int, rate_hz: int, rng: Generator) -> F32:
    """Noise (n_samples,) of a random kind of TRAIN_NOISES, unit power."""
    kind = str(rng.choice(TRAIN_NOISES))
    if kind != "band":
        return coloured_noise(kind, n_samples, rng)
    low = float(np.exp(rng.uniform(np.log(MIN_HZ), np.log(MAX_HZ))))
    high = min(low * 2.0 ** rng.uniform(1.0, 4.0), rate_hz / 2)
    frequencies = np.fft.rfftfreq(n_samples, 1 / rate_hz)
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    spectrum[(frequencies < low) | (frequencies > high)] = 0.0
    return _unit(np.fft.irfft(spectrum, n_samples))


def mix(samples: F32, noise: F32, snr_db: float) -> F32:
    """Add unit-power noise (n_samples,) at an SNR over the whole window; digital silence stays as it is."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return (samples + noise * np.float32(np.sqrt(power / 10.0 ** (snr_db / 10.0)))).astype(np.float32)


def shift_pitch(scalogram: Scalogram, n_bands: int) -> Scalogram:
    """Move the levels (n_bands, n_frames) up by some bands, down if negative; what comes in is silent.

    Bands are log-spaced, so this is what a change of pitch without a change of time does to the image.
    """
    level = np.roll(scalogram.level_db, n_bands, axis=0)
    level[slice(None, n_bands) if n_bands > 0 else slice(n_bands, None)] = scalogram.level_db.min()
    return replace(scalogram, level_db=level)


def _unit(noise: np.ndarray) -> F32:
    scaled: F32 = (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return scaled
