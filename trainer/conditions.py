"""Clip accuracy under noise and in rooms that nothing was fitted on, and under white noise for comparison.

The likeliest label counts, abstained or not, as in every accuracy.
Noise is mixed over the whole clip. Each clip has random numbers of its own, so that figures of two
systems on the same clips are about the same sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.random import Generator
from tqdm.auto import tqdm

from edge.clip import judge_samples
from edge.types import F32
from trainer.augment import TEST_NOISES, TEST_RT60_S, in_room, mix, noise_of, room_response
from trainer.data import Clip, read_clip
from trainer.evaluate import Evaluation, accuracy
from trainer.fit.seeds import rng_of

__all__ = ["CONDITIONS", "Condition", "condition_rows", "measure_conditions", "worsened"]

SEED = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One way in which a clip is made worse."""

    name: str
    noise: str | None
    """Kind of noise; None is a room"""
    snr_db: float = 0.0

    def __call__(self, samples: F32, rate_hz: int, rng: Generator) -> F32:
        """The samples (n_samples,) under the condition."""
        if self.noise is not None:
            return mix(samples, noise_of(self.noise, len(samples), rate_hz, rng), self.snr_db)
        low_s, high_s = TEST_RT60_S[rng.integers(len(TEST_RT60_S))]
        return in_room(samples, room_response(float(rng.uniform(low_s, high_s)), rate_hz, rng))


CONDITIONS = (
    Condition("white noise at 20 dB", "white", 20.0),
    Condition("white noise at 10 dB", "white", 10.0),
    *(
        Condition(f"{kind} noise at 20 dB" if kind != "hum" else "mains hum at 20 dB", kind, 20.0)
        for kind in TEST_NOISES
    ),
    Condition("test rooms", None),
)


def worsened(clip: Clip, condition: Condition, rate_hz: int) -> F32:
    """The clip's samples (n_samples,) under the condition: the same for every system that is asked."""
    return condition(read_clip(clip, rate_hz=rate_hz), rate_hz, rng_of(SEED, condition.name, clip.sha256))


def measure_conditions(evaluation: Evaluation) -> dict[str, Any]:
    """Accuracy of the clips of an evaluation under each condition, by name."""
    figures = {}
    for condition in CONDITIONS:
        right = [
            judge_samples(j.bundle, worsened(j.clip, condition, j.bundle.rate_hz)).best == j.clip.label
            for j in tqdm(evaluation.judged, desc=condition.name, unit="clip", disable=None)
        ]
        figures[condition.name] = accuracy(sum(right), len(right))
    return figures


def condition_rows(figures: dict[str, Any]) -> list[list[str]]:
    """Condition, accuracy, interval: for the report and the terminal."""
    return [
        [name, f"{row['accuracy']:.1%} of clips", f"95 %: {row['ci95'][0]:.1%} to {row['ci95'][1]:.1%}, n = {row['n']}"]
        for name, row in figures.items()
    ]
