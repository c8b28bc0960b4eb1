"""Made sounds that a pipeline is timed on: one where every stage has work to do, and one that is mostly background."""

from __future__ import annotations

import numpy as np

from edge.types import F32

__all__ = ["SPARSE_S", "busy_sound", "sparse_sound"]

SEED = 1
N_MEAN = 64
"""Samples over which the walk is averaged: slower moves than that are taken out"""
SPARSE_S = 60
EVENTS_S = ((6, 9), (20, 25), (38, 48))
"""Start and end of each event: 18 of 60 seconds, so that 70 % is background"""
BACKGROUND_DBFS = -40.0
"""Level of the background, root mean square: quiet, but loud enough to be judged"""


def busy_sound(seconds: float, rate_hz: int) -> F32:
    """Noise whose level breathes, a gliding tone and a click every 0.4 s, (n_samples,); never silent, never clipped."""
    rng = np.random.default_rng(SEED)
    n_samples = round(seconds * rate_hz)
    t = np.arange(n_samples) / rate_hz
    walk = np.cumsum(rng.standard_normal(n_samples + N_MEAN - 1) * 0.02)
    noise = walk[N_MEAN // 2 :][:n_samples] - np.convolve(walk, np.ones(N_MEAN) / N_MEAN, mode="valid")
    tone = np.sin(2 * np.pi * (400 * t + 150 * np.sin(2 * np.pi * 0.5 * t)))
    click = np.exp(-np.mod(t, 0.4) * 80) * rng.standard_normal(n_samples)
    sound = 0.5 * noise * (1 + 0.5 * np.sin(2 * np.pi * 0.3 * t)) + 0.1 * tone + 0.2 * click
    return np.asarray(sound / (1.2 * np.abs(sound).max()), dtype=np.float32)


def sparse_sound(rate_hz: int) -> F32:
    """A minute of steady noise with the busy sound in it for 30 % of the time, (n_samples,)."""
    busy = busy_sound(SPARSE_S, rate_hz)
    noise = np.random.default_rng(SEED + 1).standard_normal(len(busy))
    sound = (noise * 10.0 ** (BACKGROUND_DBFS / 20.0)).astype(np.float32)
    for start_s, end_s in EVENTS_S:
        event = slice(start_s * rate_hz, end_s * rate_hz)
        sound[event] += busy[event]
    return np.asarray(np.clip(sound, -1.0, 1.0), dtype=np.float32)
