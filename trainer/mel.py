"""Log-mel spectra: the features that most networks and most statistics start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.types import F32

__all__ = ["LOG_OFFSET", "MelConfig", "log_mel", "mel_matrix"]

LOG_OFFSET = 1e-5
"""Added to mel power before the logarithm: a floor far below any sound of a recording"""


@dataclass(frozen=True, kw_only=True)
class MelConfig:
    """Framing and bands of a log-mel spectrum."""

    rate_hz: int = 16_000
    frame: int = 1024
    """STFT frame, samples"""
    hop: int = 512
    """STFT hop, samples"""
    n_mels: int = 64
    min_hz: float = 50.0
    max_hz: float = 7800.0


def log_mel(samples: F32, config: MelConfig) -> F32:
    """Samples (n_samples,) to log-mel (n_frames, n_mels), natural log, about unit scale; the tail is padded with zeros.

    The same values as the differentiable one of `trainer.surrogate`, without TensorFlow.
    """
    n_frames = -(-len(samples) // config.hop)
    padded = np.pad(samples, (0, (n_frames - 1) * config.hop + config.frame - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.frame)[:: config.hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.frame) / config.frame)
    power = np.abs(np.fft.rfft(frames * hann.astype(np.float32), axis=1)) ** 2
    scaled: F32 = ((np.log(power @ mel_matrix(config) + LOG_OFFSET) + 2.0) / 4.0).astype(np.float32)
    return scaled


def mel_matrix(config: MelConfig) -> F32:
    """Triangular filters (n_bins, n_mels) on the HTK mel scale."""
    low_mel, high_mel = 2595 * np.log10(1 + np.array([config.min_hz, config.max_hz]) / 700)
    edges_mel = np.linspace(low_mel, high_mel, config.n_mels + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    bins_hz = np.fft.rfftfreq(config.frame, 1 / config.rate_hz)[:, None]
    rise = (bins_hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    fall = (edges_hz[2:] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])
    triangles: F32 = np.maximum(0, np.minimum(rise, fall)).astype(np.float32)
    return triangles
