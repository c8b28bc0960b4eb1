"""Animals and people: a gliding pitch through the resonances of a throat, with breath."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from edge.demo.noise import F64, echo, envelope, harmonics, shaped_noise, strike

__all__ = ["baby_cry", "dog_bark", "person_sneeze", "rooster"]

Timbre = Callable[[F64], F64]
"""Gain over frequency in hertz"""


def throat(*formants: tuple[float, float, float], fall: float = 1.0) -> Timbre:
    """Gain over frequency of some resonances, each (hertz, bandwidth in hertz, level), over a falling source."""

    def gain(frequency: F64) -> F64:
        peaks = sum(level / (1 + ((frequency - centre) / width) ** 2) for centre, width, level in formants)
        return np.asarray((peaks + 0.02) * (300.0 / (300.0 + frequency)) ** fall)

    return gain


def baby_cry(n: int, rate_hz: int, rng: Generator) -> F64:
    """Long wails around 450 Hz that arch and break, each after a short gasp."""
    sound = np.zeros(n)
    gain = throat((1100, 350, 1.0), (1900, 400, 0.6), (3400, 500, 0.8), (5200, 700, 0.3), fall=0.6)
    at_s = 0.15
    while at_s < n / rate_hz:
        long_s = rng.uniform(0.8, 1.3)
        n_wail = int(long_s * rate_hz)
        t = np.arange(n_wail) / rate_hz
        arch = envelope(n_wail, rate_hz, [(0, 0.8), (0.2 * long_s, 1.06), (0.7 * long_s, 1.0), (long_s, 0.75)])
        shake = (
            1 + 0.015 * np.sin(2 * np.pi * 7 * t) + 0.006 * np.cumsum(rng.standard_normal(n_wail)) / np.sqrt(rate_hz)
        )
        loud = envelope(n_wail, rate_hz, [(0, 0), (0.08, 1), (0.75 * long_s, 0.9), (long_s, 0)])
        wail = harmonics(rng.uniform(430, 480) * arch * shake, rate_hz, gain)
        wail /= np.abs(wail).max()
        breath = 0.05 * shaped_noise(n_wail, rate_hz, rng, tilt_db=-1, low_hz=1500)
        strike(sound, int(at_s * rate_hz), loud * (wail + breath))
        gasp_s = rng.uniform(0.25, 0.4)
        n_gasp = int(gasp_s * rate_hz)
        gasp = shaped_noise(n_gasp, rate_hz, rng, tilt_db=-2, low_hz=900) * np.hanning(n_gasp)
        strike(sound, int((at_s + long_s + 0.05) * rate_hz), 0.06 * gasp)
        at_s += long_s + gasp_s + 0.1
    return echo(sound, rate_hz, rng, decay_s=0.08, level=0.25)


def dog_bark(n: int, rate_hz: int, rng: Generator) -> F64:
    """Short barks in pairs: a pitch that jumps up and falls, rough, with a burst of breath at the start."""
    sound = np.zeros(n)
    gain = throat((650, 250, 1.0), (1350, 350, 0.8), (2600, 500, 0.35), fall=0.7)
    at_s = 0.3
    while at_s < n / rate_hz:
        for pause_s in (0.42, rng.uniform(0.9, 1.4)):
            long_s = rng.uniform(0.16, 0.22)
            n_bark = int(long_s * rate_hz)
            pitch = envelope(n_bark, rate_hz, [(0, 380), (0.03, 620), (0.08, 560), (long_s, 330)])
            rough = 1 + 0.5 * np.sin(2 * np.pi * np.cumsum(pitch / 2) / rate_hz)
            loud = envelope(n_bark, rate_hz, [(0, 0), (0.012, 1), (0.07, 0.8), (long_s, 0)])
            bark = rough * harmonics(pitch, rate_hz, gain)
            breath = shaped_noise(n_bark, rate_hz, rng, tilt_db=-2, low_hz=400, high_hz=4000)
            strike(sound, int(at_s * rate_hz), loud * (bark / np.abs(bark).max() + 0.12 * breath))
            at_s += pause_s
    return echo(sound, rate_hz, rng, decay_s=0.1, level=0.3) + 0.002 * shaped_noise(n, rate_hz, rng, tilt_db=-3)


def rooster(n: int, rate_hz: int, rng: Generator) -> F64:
    """Cock-a-doodle-doo: three short syllables, then one that rises, holds and falls for a second."""
    gain = throat((1000, 400, 0.9), (2100, 500, 1.0), (3300, 600, 0.5), fall=0.4)
    syllables = (
        (0.00, [(0, 450), (0.06, 620), (0.16, 560)]),
        (0.24, [(0, 560), (0.05, 800), (0.12, 760)]),
        (0.42, [(0, 700), (0.10, 930), (0.30, 880)]),
        (0.80, [(0, 640), (0.15, 900), (0.60, 860), (1.00, 640), (1.15, 480)]),
    )
    sound = 0.004 * shaped_noise(n, rate_hz, rng, tilt_db=-3)
    for crow_s in (0.3, 3.9):
        for at_s, glide in syllables:
            long_s = glide[-1][0]
            n_syllable = int(long_s * rate_hz)
            t = np.arange(n_syllable) / rate_hz
            pitch = envelope(n_syllable, rate_hz, glide) * (1 + 0.01 * np.sin(2 * np.pi * 11 * t))
            loud = envelope(n_syllable, rate_hz, [(0, 0), (0.02, 0.9), (0.7 * long_s, 1), (long_s, 0)])
            crow = harmonics(pitch, rate_hz, gain)
            breath = 0.04 * shaped_noise(n_syllable, rate_hz, rng, tilt_db=-1, low_hz=1000)
            strike(sound, int((crow_s + at_s) * rate_hz), loud * (crow / np.abs(crow).max() + breath))
    return echo(sound, rate_hz, rng, decay_s=0.15, level=0.25)


def person_sneeze(n: int, rate_hz: int, rng: Generator) -> F64:
    """Ah-tchoo: a drawn breath, a short vowel, an explosive hiss, and what is left of the air."""
    sound = 0.002 * shaped_noise(n, rate_hz, rng, tilt_db=-3)
    ah = throat((750, 150, 1.0), (1200, 200, 0.6), (2600, 300, 0.25))
    oo = throat((350, 100, 1.0), (850, 150, 0.4), (2400, 300, 0.1))
    for sneeze_s in (0.2, 2.6, 5.0):
        for at_s, gain, low, high in ((0.55, ah, 210, 290), (1.05, oo, 240, 140)):
            n_vowel = int(0.28 * rate_hz)
            vowel = harmonics(np.linspace(low, high, n_vowel), rate_hz, gain) * np.hanning(n_vowel)
            strike(sound, int((sneeze_s + at_s) * rate_hz), 0.4 * vowel / np.abs(vowel).max())
        n_breath = int(0.5 * rate_hz)
        breath = shaped_noise(n_breath, rate_hz, rng, tilt_db=-2, low_hz=500, high_hz=4000)
        strike(sound, int(sneeze_s * rate_hz), 0.03 * breath * np.linspace(0, 1, n_breath))
        n_burst = int(0.3 * rate_hz)
        burst = shaped_noise(n_burst, rate_hz, rng, tilt_db=-0.5, low_hz=1200)
        decay = envelope(n_burst, rate_hz, [(0, 0), (0.008, 1), (0.09, 0.7), (0.3, 0)])
        strike(sound, int((sneeze_s + 0.85) * rate_hz), 0.5 * decay * burst)
    return echo(sound, rate_hz, rng, decay_s=0.08, level=0.25)
