"""Pictures and statistics of a window of sound, (n_samples,) each to one float32 array."""

from __future__ import annotations

import numpy as np

from edge.stages.scalogram import MorletScalogram
from edge.types import F32, Window
from trainer.mel import MelConfig, log_mel

__all__ = ["blocks", "cross_recurrence", "log_mel_statistics", "scalogram_image", "stft_image"]

TOP_DB = 80.0
"""Levels end this far below the loudest cell, as in librosa's power_to_db"""
STFT_FRAME, STFT_HOP, STFT_SIDE = 1024, 512, 4
"""Samples; bins averaged into one row"""
PERCENTILES = (5, 25, 50, 75, 95)


def stft_image(samples: F32, /) -> F32:
    """Levels (n_frames / 2, 128) of the short-time Fourier transform, dB / 40 around their middle."""
    hann = np.hanning(STFT_FRAME + 1)[:-1].astype(np.float32)
    n_frames = -(-len(samples) // STFT_HOP)
    padded = np.pad(samples, (0, (n_frames - 1) * STFT_HOP + STFT_FRAME - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, STFT_FRAME)[::STFT_HOP]
    power = np.abs(np.fft.rfft(frames * hann, axis=1)[:, 1:]) ** 2
    return levels(blocks(power, 2, STFT_SIDE))


def scalogram_image(samples: F32, scalogram: MorletScalogram) -> F32:
    """The pipeline's own scalogram, (n_frames, n_bands), dB / 40 around the middle."""
    window = Window(samples=samples, rate_hz=scalogram.rate_hz, start_s=0.0)
    return levels(10.0 ** (scalogram(window).level_db.T / 10.0))


def cross_recurrence(samples: F32, config: MelConfig) -> F32:
    """Distances (n, n) between the courses of the lower and of the upper half of the log-mel bands.

    The unthresholded cross-recurrence plot (Marwan, Kurths 2002) of two trajectories of equal dimension,
    every frame against every frame, frames in pairs.
    """
    frames = blocks(log_mel(samples, config), 2, 1)
    low, high = np.split(frames - frames.mean(axis=0), 2, axis=1)
    squared = (low**2).sum(axis=1)[:, None] + (high**2).sum(axis=1) - 2.0 * low @ high.T
    distances: F32 = np.sqrt(np.maximum(squared, 0.0)).astype(np.float32)
    return distances


def log_mel_statistics(samples: F32, config: MelConfig) -> F32:
    """Mean, deviation and percentiles over time of log-mel and of its change, (14 · n_mels,)."""
    frames = log_mel(samples, config)
    rows: list[F32] = []
    for series in (frames, np.diff(frames, axis=0, prepend=frames[:1])):
        rows += [series.mean(axis=0), series.std(axis=0), *np.percentile(series, PERCENTILES, axis=0)]
    return np.concatenate(rows).astype(np.float32)


def blocks(picture: F32, n_rows: int, n_columns: int) -> F32:
    """Means of blocks of rows and columns of a picture (n, m); what does not fill a block is left out."""
    height, width = len(picture) // n_rows, picture.shape[1] // n_columns
    cut = picture[: height * n_rows, : width * n_columns]
    means: F32 = cut.reshape(height, n_rows, width, n_columns).mean(axis=(1, 3))
    return means


def levels(power: F32) -> F32:
    """Decibels re the loudest cell, from -1 (TOP_DB below) to 1; silence is -1 all over."""
    loudest = power.max()
    if loudest <= 0:
        return np.full(power.shape, -1.0, dtype=np.float32)
    relative_db = 10.0 * np.log10(np.maximum(power / loudest, 10.0 ** (-TOP_DB / 10.0)))
    scaled: F32 = (1.0 + relative_db / (TOP_DB / 2.0)).astype(np.float32)
    return scaled
