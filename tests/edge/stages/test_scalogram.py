"""The fast scalogram against a direct convolution, and the meaning of its levels."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import StageError
from edge.stages.scalogram import MorletScalogram
from edge.types import Window

RATE_HZ = 16000
SCALOGRAM = MorletScalogram(
    rate_hz=RATE_HZ, window_s=2.0, n_bands=64, min_hz=40, max_hz=5000, omega0=6, hop_s=0.025, split_hz=500
)
"""Up to 5 kHz: above, the sampled kernel of the direct convolution aliases, ours is cut at 8 kHz"""


def window(samples: np.ndarray) -> Window:
    return Window(samples.astype(np.float32), RATE_HZ, 0.0)


def direct(samples: np.ndarray, centre_hz: float) -> np.ndarray:
    """|W|² by convolution with the sampled Morlet wavelet in float64, pooled with the squared Hann window, in dB."""
    sigma_s = 6 / (2 * np.pi * centre_hz)
    reach = int(np.ceil(5 * sigma_s * RATE_HZ))
    t = np.arange(-reach, reach + 1) / RATE_HZ
    envelope = np.exp(-0.5 * (t / sigma_s) ** 2)
    kernel = 2 * envelope / envelope.sum() * np.exp(2j * np.pi * centre_hz * t)
    n_fft = 2 * len(samples)
    wavelet = np.fft.ifft(np.fft.fft(samples, n_fft) * np.fft.fft(kernel, n_fft))[reach : reach + len(samples)]
    weight = np.sin(np.pi * np.arange(800) / 800) ** 4
    power = np.pad(np.abs(wavelet) ** 2, (200, 800))
    frames = range(SCALOGRAM.n_frames)
    pooled = np.array([power[400 * k : 400 * k + 800] @ weight for k in frames]) / weight.sum()
    level: np.ndarray = 10 * np.log10(np.maximum(pooled, 1e-12))
    return level


def sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    clicks = np.zeros(len(t))
    clicks[::4000] = 1.0
    return {
        "noise": 0.1 * rng.standard_normal(len(t)),
        "chirp": 0.3 * np.sin(2 * np.pi * 100 * t * (1 + 8 * t)),
        "clicks": clicks,
        "tones": 0.1 * np.sin(2 * np.pi * np.array([[60], [440], [505], [3000]]) * t).sum(axis=0),
    }


@pytest.mark.parametrize("name", sounds())
def test_equals_direct_convolution(name: str) -> None:
    """Low road within 0.01 dB, high road within the limits beside each sound.

    High road: its wavelets are short against a frame but not points, so single cells that a fast chirp
    crosses differ by up to 1.2 dB, noise and clicks by less than 0.2.

    Looked at down to 40 dB below the peak, without the first and last 100 ms.
    """
    samples = sounds()[name]
    level = SCALOGRAM(window(samples)).level_db
    floor = level.max() - 40
    errors: dict[bool, list[float]] = {True: [], False: []}
    for band in range(0, SCALOGRAM.n_bands, 3):
        wanted = direct(samples, float(SCALOGRAM.centres_hz[band]))[4:-4]
        heard = wanted > floor
        if heard.any():
            low = bool(SCALOGRAM.centres_hz[band] < SCALOGRAM.split_hz)
            errors[low].append(float(np.abs(level[band, 4:-4] - wanted)[heard].max()))
    assert errors[True]
    assert errors[False]
    assert max(errors[True]) < 0.01
    assert max(errors[False]) < {"noise": 0.2, "clicks": 0.2, "tones": 0.5, "chirp": 1.2}[name]


@pytest.mark.parametrize("band", [0, 20, 31, 32, 33, 50, 63])
def test_full_scale_sine_is_0_db_in_its_band(band: int) -> None:
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    level = SCALOGRAM(window(np.sin(2 * np.pi * SCALOGRAM.centres_hz[band] * t))).level_db
    assert level[:, 40].argmax() == band
    assert level[band, 40] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(("split_hz", "hop_s"), [(250, 0.05), (500, 0.025), (590, 0.025)])
def test_nothing_aliases_into_the_low_bands(split_hz: float, hop_s: float) -> None:
    """Loud tones wherever a decimated rate would fold them onto a low band."""
    scalogram = MorletScalogram(
        rate_hz=RATE_HZ, window_s=2.0, n_bands=64, min_hz=40, max_hz=7600, omega0=6, hop_s=hop_s, split_hz=split_hz
    )
    low = scalogram.centres_hz < split_hz
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    fade = np.minimum(1.0, 20 * np.minimum(t, 2 - t))
    for factor in (2, 4, 8):
        tone = fade * np.sin(2 * np.pi * (RATE_HZ / factor - 100.0) * t)
        level = scalogram(window(tone)).level_db
        assert level.max() > -1
        assert level[low].max() < -75


def test_frames_are_centred() -> None:
    samples = np.zeros(2 * RATE_HZ)
    samples[round((30 + 0.5) * 400)] = 1.0
    level = SCALOGRAM(window(samples)).level_db
    assert set(level[::9].argmax(axis=1)) == {30}


def test_ends_do_not_wrap_around() -> None:
    samples = np.zeros(2 * RATE_HZ)
    samples[-200:] = 1.0
    level = SCALOGRAM(window(samples)).level_db
    assert level[0, 0] < level[0].max() - 60


def test_names_rate_and_length() -> None:
    with pytest.raises(StageError, match=r"samples must be \(32000,\) at 16000 Hz. Got \(32000,\) at 8000 Hz instead"):
        SCALOGRAM(Window(np.zeros(32000, dtype=np.float32), 8000, 0.0))
