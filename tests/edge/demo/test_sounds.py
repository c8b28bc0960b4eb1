from __future__ import annotations

import numpy as np
import pytest

from edge.demo.noise import F64
from edge.demo.synth import SOUNDS, imitate

RATE_HZ = 16000
SECONDS = 7


def sound(label: str, seed: int = 1) -> F64:
    return imitate(label, n=SECONDS * RATE_HZ, rate_hz=RATE_HZ, seed=seed)


def loudness(samples: F64, rate_hz: int = 200) -> F64:
    """Root mean square, `rate_hz` times a second."""
    return np.asarray(np.sqrt(np.mean(samples.reshape(-1, RATE_HZ // rate_hz) ** 2, axis=1)))


def strongest_hz(values: F64, rate_hz: float, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft((values - values.mean()) * np.hanning(len(values))))
    frequency = np.fft.rfftfreq(len(values), 1 / rate_hz)
    inside = (low_hz <= frequency) & (frequency <= high_hz)
    return float(frequency[inside][spectrum[inside].argmax()])


def centre_hz(samples: F64) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(samples), 1 / RATE_HZ)) / np.sum(power))


@pytest.mark.parametrize("label", SOUNDS)
def test_every_sound_is_whole(label: str) -> None:
    samples = sound(label)
    assert samples.shape == (SECONDS * RATE_HZ,)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)
    assert abs(samples[0]) < 0.01
    assert abs(samples[-1]) < 0.01


@pytest.mark.parametrize("label", SOUNDS)
def test_the_seed_decides(label: str) -> None:
    np.testing.assert_array_equal(sound(label), sound(label))
    assert not np.array_equal(sound(label), sound(label, seed=2))


def test_the_clock_strikes_twice_a_second() -> None:
    struck = loudness(sound("clock_tick")) > 0.03
    assert np.sum(struck[1:] & ~struck[:-1]) == pytest.approx(2 * SECONDS, abs=1)


def test_the_rotor_turns_twelve_times_a_second() -> None:
    assert strongest_hz(loudness(sound("helicopter")), 200, 5, 40) == pytest.approx(12.5, abs=0.5)


def test_the_baby_cries_at_its_pitch() -> None:
    assert 380 < strongest_hz(sound("baby_cry"), RATE_HZ, 200, 700) < 540


def test_waves_come_slowly_and_rain_is_steady() -> None:
    waves, rain = (loudness(sound(label), rate_hz=2) for label in ("sea_waves", "rain"))
    assert waves.std() / waves.mean() > 0.3
    assert rain.std() / rain.mean() < 0.1


def test_rain_is_brighter_than_the_sea() -> None:
    assert centre_hz(sound("rain")) > 2 * centre_hz(sound("sea_waves"))


def test_fire_is_sparse() -> None:
    samples = sound("fire_crackling")
    assert np.abs(samples).max() > 30 * np.sqrt(np.mean(samples**2))
