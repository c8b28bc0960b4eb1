"""A made sound in which every stage has work to do: what a pipeline is timed on."""

from __future__ import annotations

import numpy as np

from edge.types import F32

__all__ = ["busy_sound"]

SEED = 1
N_MEAN = 64
"""Samples over which the walk is averaged: slower moves than that are taken out"""


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
