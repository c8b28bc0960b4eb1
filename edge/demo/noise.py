"""What the synthesised sounds are made of: shaped noise, pulses, glides, resonances and rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

__all__ = ["F64", "Voice", "band", "echo", "envelope", "harmonics", "random_times", "ring", "shaped_noise", "strike"]

F64 = NDArray[np.float64]

Voice = Callable[[int, int, Generator], F64]
"""(n_samples, rate_hz, generator) to a sound (n_samples,) of any level"""


def shaped_noise(
    n: int, rate_hz: int, rng: Generator, *, tilt_db: float, low_hz: float = 20, high_hz: float = 0
) -> F64:
    """Gaussian noise (n,) whose power changes by `tilt_db` an octave between two frequencies; rms = 1."""
    frequency = np.asarray(np.fft.rfftfreq(n, 1 / rate_hz), dtype=np.float64)
    gain = np.maximum(frequency, low_hz) ** (tilt_db / 6.02)
    spectrum = np.fft.rfft(rng.standard_normal(n)) * gain * band(frequency, low_hz, high_hz or 0.5 * rate_hz)
    sound = np.fft.irfft(spectrum, n)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def band(frequency: F64, low_hz: float, high_hz: float) -> F64:
    """A band-pass gain with edges of second order, 1 inside."""
    with np.errstate(divide="ignore"):
        low = 1 / np.sqrt(1 + (low_hz / np.maximum(frequency, 1e-9)) ** 4)
    return np.asarray(low / np.sqrt(1 + (frequency / high_hz) ** 4))


def envelope(n: int, rate_hz: int, points: Sequence[tuple[float, float]]) -> F64:
    """Straight lines between (seconds, value) points, (n,)."""
    seconds, values = zip(*points, strict=True)
    return np.asarray(np.interp(np.arange(n) / rate_hz, seconds, values))


def harmonics(pitch_hz: F64, rate_hz: int, timbre: Callable[[F64], F64], *, top_hz: float | None = None) -> F64:
    """A gliding pitch (n,) with every harmonic up to `top_hz` or Nyquist, each weighted by `timbre` where it is."""
    top = min(0.48 * rate_hz, top_hz or np.inf)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate_hz
    sound = np.zeros(len(pitch_hz))
    for number in range(1, int(top / pitch_hz.min()) + 1):
        frequency = number * pitch_hz
        sound += np.where(frequency < top, timbre(frequency), 0) * np.sin(number * phase)
    return sound


def random_times(n: int, rate_hz: int, rng: Generator, *, per_s: float) -> NDArray[np.int64]:
    """Poisson arrivals as sample numbers below n."""
    return np.sort(rng.integers(0, n, rng.poisson(per_s * n / rate_hz)))


def ring(rate_hz: int, *, frequency_hz: float, decay_s: float) -> F64:
    """A struck resonance: a sine that falls by 60 dB in about seven times `decay_s`."""
    t = np.arange(int(7 * decay_s * rate_hz) + 1) / rate_hz
    return np.asarray(np.sin(2 * np.pi * frequency_hz * t) * np.exp(-t / decay_s))


def strike(sound: F64, at: int, piece: F64) -> None:
    """Add a short piece into a sound, cut at its end."""
    room = max(0, min(len(piece), len(sound) - at))
    sound[at : at + room] += piece[:room]


def echo(sound: F64, rate_hz: int, rng: Generator, *, decay_s: float, level: float) -> F64:
    """A plain room: the sound plus its convolution with decaying noise."""
    n_tail = int(5 * decay_s * rate_hz)
    tail = rng.standard_normal(n_tail) * np.exp(-np.arange(n_tail) / (decay_s * rate_hz))
    tail *= level / np.sqrt(np.sum(tail**2))
    n = len(sound) + n_tail
    return np.asarray(sound + np.fft.irfft(np.fft.rfft(sound, n) * np.fft.rfft(tail, n), n)[: len(sound)])
