"""Rooms decay as they claim and tests hear none of training's; pitch, speed, time and gain do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.enhance import Enhance
from edge.stages.scalogram import MorletScalogram
from edge.types import Scalogram, Window
from trainer.augment import (
    TEST_RT60_S,
    TRAIN_RT60_S,
    change_speed,
    in_room,
    room_response,
    shift_pitch,
    shift_time,
    training_rt60_s,
)

RATE_HZ = 16000


def tone(hertz: float, seconds: float = 2.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def loudest_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax() * RATE_HZ / len(samples))


def test_train_and_test_rooms_do_not_touch() -> None:
    for low, high in TEST_RT60_S:
        assert all(high < other_low or other_high < low for other_low, other_high in TRAIN_RT60_S)
    rng = np.random.default_rng(0)
    drawn = np.array([training_rt60_s(rng) for _ in range(500)])
    for low, high in TRAIN_RT60_S:
        assert np.count_nonzero((drawn >= low) & (drawn <= high)) > 150
    for low, high in TEST_RT60_S:
        assert not np.any((drawn >= low) & (drawn <= high))


@pytest.mark.parametrize("rt60_s", [0.25, 0.5, 0.9])
def test_a_room_falls_by_sixty_decibels_in_its_time(rt60_s: float) -> None:
    response = room_response(rt60_s, RATE_HZ, np.random.default_rng(1))
    assert np.sum(response**2) == pytest.approx(1, rel=1e-4)
    # Schroeder's backward integral of the tail, its slope between -5 and -25 dB.
    energy = np.cumsum(response[:0:-1].astype(np.float64) ** 2)[::-1]
    level_db = 10 * np.log10(energy / energy[0])
    begin, end = np.argmax(level_db < -5), np.argmax(level_db < -25)
    assert (end - begin) / RATE_HZ * 3 == pytest.approx(rt60_s, rel=0.1)


def test_in_room_is_convolution() -> None:
    rng = np.random.default_rng(2)
    samples, response = (rng.standard_normal(n).astype(np.float32) for n in (300, 70))
    np.testing.assert_allclose(in_room(samples, response), np.convolve(samples, response)[:300], atol=1e-4)


@pytest.mark.parametrize("factor", [0.75, 1.5])
def test_speed_moves_the_pitch_and_keeps_the_length(factor: float) -> None:
    samples = tone(800)
    played = change_speed(samples, factor)
    assert played.shape == samples.shape
    assert played.dtype == np.float32
    assert loudest_hz(played[: len(played) // 2]) == pytest.approx(800 * factor, rel=0.01)


def test_a_shift_of_bands_is_silent_where_nothing_comes_from() -> None:
    level = np.arange(16 * 8, dtype=np.float32).reshape(16, 8)
    up = shift_pitch(Scalogram(level, 0.0), 3).level_db
    np.testing.assert_array_equal(up[3:], level[:-3])
    assert np.all(up[:3] == level.min())
    down = shift_pitch(Scalogram(level, 0.0), -3).level_db
    np.testing.assert_array_equal(down[:-3], level[3:])
    assert np.all(down[-3:] == level.min())


def test_another_time_is_the_same_sound_turned_around() -> None:
    samples = tone(800) + np.arange(32000, dtype=np.float32)
    turned = shift_time(samples, np.random.default_rng(5))
    start = int(np.flatnonzero(turned == samples[0])[0])
    assert 3200 <= start <= 28800
    np.testing.assert_array_equal(np.roll(turned, -start), samples)


@pytest.mark.parametrize("gain_db", [-40.0, -20.0, 6.0])
def test_gain_does_not_reach_the_enhanced_image(gain_db: float) -> None:
    """Why there is no copy with another gain."""
    scalogram = MorletScalogram(
        rate_hz=RATE_HZ, window_s=2.0, n_bands=64, min_hz=40, max_hz=7600, omega0=6, hop_s=0.025, split_hz=500
    )
    enhance = Enhance(floor_db=30, background=0, highboost=0, blur=3)
    samples = tone(800) + 0.05 * np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    images = [
        enhance(scalogram(Window((gain * samples).astype(np.float32), RATE_HZ, 0.0))).level_db
        for gain in (1.0, 10 ** (gain_db / 20))
    ]
    np.testing.assert_allclose(images[0], images[1], atol=1e-3)
