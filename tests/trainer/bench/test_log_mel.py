from __future__ import annotations

import numpy as np
import pytest

from tests.tiny import tiny_sound
from trainer.bench.log_mel import HOP, MEL, WINDOW, LogMelStream
from trainer.mel import mel_matrix


def plain(samples: np.ndarray) -> np.ndarray:
    """Every frame by itself, in double precision."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    starts = range(0, len(samples) - WINDOW + 1, HOP)
    magnitude = [np.abs(np.fft.rfft(samples[i : i + WINDOW].astype(np.float64) * hann, n=512)) for i in starts]
    return np.log(np.stack(magnitude) @ mel_matrix(MEL).astype(np.float64) + 0.001)


@pytest.mark.parametrize("n_frames", [96, 48, 20, 1])
def test_any_hop_gives_the_frames_of_a_plain_computation(n_frames: int) -> None:
    samples = tiny_sound("whistle", np.random.default_rng(3), seconds=4.0)
    # The stream begins in silence, which the first frames look back into.
    frames = plain(np.concatenate([np.zeros(WINDOW - HOP, dtype=np.float32), samples]))
    stream = LogMelStream()
    n_hop = n_frames * HOP
    for i in range(len(samples) // n_hop):
        patch = stream(samples[i * n_hop : (i + 1) * n_hop])
        seen = frames[: (i + 1) * n_frames][-96:]
        assert patch.shape == (96, 64)
        assert patch.dtype == np.float32
        np.testing.assert_allclose(patch[-len(seen) :], seen, atol=1e-3)


def test_a_hop_longer_than_the_patch_keeps_its_end() -> None:
    samples = tiny_sound("hiss", np.random.default_rng(3), seconds=2.0)
    whole, twice = LogMelStream(), LogMelStream()
    twice(samples[:16000])
    np.testing.assert_allclose(whole(samples), twice(samples[16000:]), atol=1e-5)
