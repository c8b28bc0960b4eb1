"""YAMNet's log-mel front end on a stream: each hop computes its new frames alone.

16 kHz, Hann window of 25 ms every 10 ms, FFT of 512, magnitudes, 64 mel bands from 125 to 7500 Hz, log(x + 0.001),
patches of 0.96 s. One FFT call over all new frames and one matrix product: the fastest form that numpy has for it.
"""

from __future__ import annotations

import numpy as np

from edge.types import F32
from trainer.bench.yamnet import N_BANDS, N_FRAMES
from trainer.mel import MelConfig, mel_matrix

__all__ = ["HOP", "MEL", "RATE_HZ", "WINDOW", "LogMelStream"]

RATE_HZ = 16_000
WINDOW = 400
"""Samples of one frame"""
HOP = 160
"""Samples from frame to frame"""
MEL = MelConfig(rate_hz=RATE_HZ, frame=512, hop=HOP, n_mels=N_BANDS, min_hz=125.0, max_hz=7500.0)
LOG_OFFSET = np.float32(0.001)


class LogMelStream:
    """Keeps the last patch and the samples that the next frame shares with it."""

    def __init__(self) -> None:
        self._hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
        self._matrix = mel_matrix(MEL)
        self._rest = np.zeros(WINDOW - HOP, dtype=np.float32)
        self._patch = np.zeros((N_FRAMES, N_BANDS), dtype=np.float32)

    def __call__(self, block: F32, /) -> F32:
        """Take the next samples (n,), n a multiple of the frames' hop; the last 0.96 s as (96, 64)."""
        samples = np.concatenate([self._rest, block])
        self._rest = samples[len(samples) - len(self._rest) :]
        frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
        spectrum = np.fft.rfft(frames * self._hann, n=MEL.frame, axis=1)
        magnitude = np.sqrt(spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        new = np.log(magnitude @ self._matrix + LOG_OFFSET)[-N_FRAMES:]
        self._patch = np.concatenate([self._patch[len(new) :], new])
        return self._patch
