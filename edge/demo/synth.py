"""Weather, fire and machines, imitated by how the real thing makes its sound; fitted to no recording and no bundle."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from edge.demo.noise import F64, Voice, echo, envelope, harmonics, random_times, ring, shaped_noise, strike
from edge.demo.voices import baby_cry, dog_bark, person_sneeze, rooster

__all__ = ["SOUNDS", "imitate"]


def rain(n: int, rate_hz: int, rng: Generator) -> F64:
    """Thousands of far drops are a hiss; some near ones are small bubbles that ring between 1 and 6 kHz."""
    sound = shaped_noise(n, rate_hz, rng, tilt_db=-1.0, low_hz=400)
    for at in random_times(n, rate_hz, rng, per_s=150):
        drop = ring(rate_hz, frequency_hz=rng.uniform(1000, 6000), decay_s=rng.uniform(0.001, 0.004))
        strike(sound, int(at), drop * rng.lognormal(0.3, 0.6))
    return sound


def sea_waves(n: int, rate_hz: int, rng: Generator) -> F64:
    """A low rumble, and waves that rise, break brightly and wash out over several seconds."""
    t = np.arange(n) / rate_hz
    sound = 0.25 * shaped_noise(n, rate_hz, rng, tilt_db=-5.0, low_hz=40)
    start = -rng.uniform(0.5, 1.5)
    while start < t[-1]:
        rise, fall = rng.uniform(1.0, 1.6), rng.uniform(1.3, 2.0)
        since = t - start
        swell = np.where(since < rise, np.clip(since / rise, 0, 1) ** 2, np.exp(-np.clip(since - rise, 0, None) / fall))
        body = shaped_noise(n, rate_hz, rng, tilt_db=-3.5, low_hz=80)
        foam = shaped_noise(n, rate_hz, rng, tilt_db=-0.5, low_hz=900)
        sound += rng.uniform(0.7, 1.0) * (swell * body + 0.4 * swell**2 * foam)
        start += rng.uniform(3.5, 5.0)
    return sound


def clock_tick(n: int, rate_hz: int, rng: Generator) -> F64:
    """A wall clock: an escapement that strikes wood and metal twice a second, tick and tock, in a quiet room."""
    sound = np.zeros(n)
    for number in range(int(2 * n / rate_hz) + 1):
        pitch = 1.0 if number % 2 else 0.87
        at = int((0.1 + 0.5 * number) * rate_hz)
        for frequency, decay, level in ((900, 0.006, 0.5), (2300, 0.004, 1.0), (3700, 0.003, 0.8), (5600, 0.002, 0.5)):
            strike(sound, at, level * ring(rate_hz, frequency_hz=pitch * frequency, decay_s=decay))
        strike(sound, at, rng.standard_normal(int(0.002 * rate_hz)))
        strike(sound, at + int(0.018 * rate_hz), 0.35 * ring(rate_hz, frequency_hz=pitch * 3100, decay_s=0.003))
    return echo(sound, rate_hz, rng, decay_s=0.05, level=0.3) + 0.003 * shaped_noise(n, rate_hz, rng, tilt_db=-3)


def helicopter(n: int, rate_hz: int, rng: Generator) -> F64:
    """Blades that slap the air some twelve times a second, the tail rotor's hum, and a turbine's rush."""
    t = np.arange(n) / rate_hz
    blade_hz = 12.5 * (1 + 0.01 * np.sin(2 * np.pi * 0.2 * t))
    turn = np.cumsum(blade_hz) / rate_hz
    slap = np.exp(-9 * (turn % 1)) + 0.15
    low = shaped_noise(n, rate_hz, rng, tilt_db=-4.0, low_hz=40, high_hz=500)
    rush = shaped_noise(n, rate_hz, rng, tilt_db=-3.0, low_hz=150, high_hz=5000)
    thump = harmonics(blade_hz, rate_hz, lambda f: np.exp(-(f / 90.0)) * np.minimum(1, f / 25.0), top_hz=700)
    hum = harmonics(5.1 * blade_hz, rate_hz, lambda f: np.exp(-(f / 250.0)), top_hz=2000)
    return np.asarray(1.2 * slap * low + 0.8 * slap * rush + 0.35 * thump + 0.15 * hum)


def chainsaw(n: int, rate_hz: int, rng: Generator) -> F64:
    """A two-stroke engine: one rough pulse a turn, revved up and loaded by the wood, and the chain's rasp."""
    throttle = [(0, 55), (0.5, 58), (1.0, 125), (2.6, 112), (3.0, 128), (4.8, 108), (5.2, 130), (7, 118)]
    speed = envelope(n, rate_hz, throttle)
    wander = np.cumsum(rng.standard_normal(n)) / np.sqrt(rate_hz)
    speed = speed * (1 + 0.01 * np.tanh(wander))
    turn = np.cumsum(speed) / rate_hz
    strokes = rng.lognormal(0, 0.25, int(turn[-1]) + 2)[turn.astype(int)]
    engine = harmonics(speed, rate_hz, lambda f: (1 + (f / 900.0) ** 2) ** -0.6 * np.minimum(1, f / 120.0))
    rasp = shaped_noise(n, rate_hz, rng, tilt_db=-1.0, low_hz=800, high_hz=7000) * np.exp(-3 * (turn % 1))
    load = np.clip(speed / 120.0, 0, 1) ** 2
    return np.asarray(strokes * load * (engine / np.sqrt(np.mean(engine**2)) + 0.8 * rasp))


def fire_crackling(n: int, rate_hz: int, rng: Generator) -> F64:
    """A soft roar of flames, and wood that snaps at random, a few times loudly."""
    sound = 0.05 * shaped_noise(n, rate_hz, rng, tilt_db=-4.0, low_hz=40)
    sound += 0.02 * shaped_noise(n, rate_hz, rng, tilt_db=-1.0, low_hz=1000)
    for at in random_times(n, rate_hz, rng, per_s=18):
        n_snap = int(rng.uniform(0.002, 0.012) * rate_hz)
        snap = rng.standard_normal(n_snap) * np.exp(-np.arange(n_snap) / (0.2 * n_snap))
        strike(sound, int(at), snap * min(0.15 * (1 + rng.pareto(1.3)), 3.0))
    return echo(sound, rate_hz, rng, decay_s=0.03, level=0.2)


SOUNDS: dict[str, Voice] = {
    "rain": rain,
    "clock_tick": clock_tick,
    "helicopter": helicopter,
    "baby_cry": baby_cry,
    "sea_waves": sea_waves,
    "chainsaw": chainsaw,
    "dog_bark": dog_bark,
    "fire_crackling": fire_crackling,
    "rooster": rooster,
    "person_sneeze": person_sneeze,
}
"""In the order in which the demo plays them"""

PEAK = 0.5
FADE_S = 0.02


def imitate(label: str, *, n: int, rate_hz: int, seed: int) -> F64:
    """The sound of a label, (n,) with its peak at half of full scale, faded at both ends."""
    sound = SOUNDS[label](n, rate_hz, np.random.default_rng([seed, *label.encode()]))
    n_fade = int(FADE_S * rate_hz)
    fade = np.minimum(1, np.minimum(np.arange(1, n + 1), np.arange(n, 0, -1)) / n_fade)
    return np.asarray(PEAK * fade * sound / np.abs(sound).max())
