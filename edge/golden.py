"""Golden windows: what the pipeline gave where the bundle was made, replayed where it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.errors import ParityError, SchemaError
from edge.pipeline import Pipeline
from edge.types import F32, Trace, Window

__all__ = ["GOLDEN_STEP", "PCM_FULL_SCALE", "GoldenReport", "golden_values", "replay"]

GOLDEN_STEP = 4
"""Every fourth band and frame of an image is kept."""
PCM_FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """How far this machine is from the one that made the bundle."""

    n_windows: int
    deviation: dict[str, float]
    """Largest absolute difference a value, over all windows"""
    tolerance: dict[str, float]


def golden_values(trace: Trace) -> dict[str, F32]:
    """What is compared of one window, by name."""
    step = slice(None, None, GOLDEN_STEP)
    values = {
        "enhanced_db": trace.enhanced.level_db[step, step],
        "lowrank_db": trace.lowrank.level_db[step, step],
        "denoised_db": trace.denoised.scalogram.level_db[step, step],
        "encoding": trace.encoding.values,
        "scores": trace.scores.values,
        "probabilities": trace.scores.probabilities,
        "indicators": trace.indicators,
        "suspicion": np.array([trace.suspicion.score], dtype=np.float32),
    }
    if trace.novelty is not None:
        values["novelty"] = np.array([trace.novelty.score], dtype=np.float32)
    return values


def replay(pipeline: Pipeline, golden: dict[str, np.ndarray], tolerance: dict[str, float]) -> GoldenReport:
    """Run `golden["pcm"]` (n_windows, n_samples) int16 and compare with the rest.

    Raises
    ------
    SchemaError : the golden file is not of this form
    ParityError : a label differs, or a value by more than its tolerance
    """
    pcm = golden.get("pcm")
    if pcm is None or pcm.ndim != 2 or pcm.dtype != np.int16 or len(pcm) == 0:
        raise SchemaError("golden.npz: pcm (n >= 1, n_samples) int16 wanted. Got something else instead.")
    deviation: dict[str, float] = {}
    for i, samples in enumerate(pcm):
        window = Window(samples.astype(np.float32) / np.float32(PCM_FULL_SCALE), pipeline.scalogram.rate_hz, 0.0)
        values = golden_values(pipeline.trace(window))
        for name, value in values.items():
            wanted = golden.get(f"{name}.{i}")
            if wanted is None or wanted.shape != value.shape or name not in tolerance:
                raise SchemaError(
                    f"golden.npz: {name}.{i} {value.shape} and its tolerance wanted. Got none like it instead."
                )
            difference = float(np.abs(value - wanted).max())
            deviation[name] = max(deviation.get(name, 0.0), difference)
            if not difference <= tolerance[name]:
                raise ParityError(
                    f"golden window {i}: {name} within {tolerance[name]} wanted. Got {difference:.3g} instead."
                )
        best, wanted_best = (int(array.argmax()) for array in (values["scores"], golden[f"scores.{i}"]))
        if best != wanted_best:
            labels = pipeline.labels
            raise ParityError(f"golden window {i}: label {labels[wanted_best]} wanted. Got {labels[best]} instead.")
    return GoldenReport(n_windows=len(pcm), deviation=deviation, tolerance=dict(tolerance))
