"""Golden windows: synthesised sounds, so that no recording travels with a bundle."""

from __future__ import annotations

import numpy as np

from edge.golden import PCM_FULL_SCALE, golden_values
from edge.pipeline import Pipeline
from edge.types import Window

__all__ = ["TOLERANCE", "golden_arrays"]

TOLERANCE = {
    "enhanced_db": 0.05,
    "lowrank_db": 0.1,
    "denoised_db": 1.0,
    "encoding": 0.05,
    "scores": 0.2,
    "probabilities": 0.1,
    "indicators": 0.25,
    "suspicion": 0.1,
    "novelty": 0.1,
}
"""Other processors round differently in float32, and one step of the int8 autoencoder is 0.12 dB."""
SEED = 20190423


def golden_arrays(pipeline: Pipeline) -> dict[str, np.ndarray]:
    """`pcm` (3, n_samples) int16 and, for each window i, `<value>.<i>` of what the pipeline gives."""
    rate_hz, n_samples = pipeline.scalogram.rate_hz, pipeline.scalogram.n_samples
    pcm = np.stack([_to_pcm(sound) for sound in _sounds(n_samples, rate_hz)])
    arrays: dict[str, np.ndarray] = {"pcm": pcm}
    for i, samples in enumerate(pcm):
        window = Window(samples.astype(np.float32) / np.float32(PCM_FULL_SCALE), rate_hz, 0.0)
        arrays |= {f"{name}.{i}": value for name, value in golden_values(pipeline.trace(window)).items()}
    return arrays


def _sounds(n_samples: int, rate_hz: int) -> list[np.ndarray]:
    """A rising chirp with overtones, ticks in a faint hiss, and a slowly swelling rumble."""
    rng = np.random.default_rng(SEED)
    t = np.arange(n_samples) / rate_hz
    length = n_samples / rate_hz
    phase = 2 * np.pi * 200.0 * t * (1 + 2 * t / length)
    chirp = sum(np.sin(k * phase) / k for k in (1, 2, 3)) * np.hanning(n_samples)
    ticks = 0.01 * rng.standard_normal(n_samples)
    for start in range(0, n_samples - rate_hz // 20, rate_hz // 2):
        decay = np.exp(-np.arange(rate_hz // 20) / (0.004 * rate_hz))
        ticks[start : start + len(decay)] += decay * np.sin(2 * np.pi * 2500 * np.arange(len(decay)) / rate_hz)
    smooth = np.convolve(rng.standard_normal(n_samples), np.ones(40) / 40, mode="same")
    rumble = smooth * (1 + 0.8 * np.sin(2 * np.pi * 0.4 * t))
    return [chirp, ticks, rumble]


def _to_pcm(sound: np.ndarray) -> np.ndarray:
    pcm: np.ndarray = np.rint(sound / np.abs(sound).max() * 0.5 * PCM_FULL_SCALE).astype(np.int16)
    return pcm
