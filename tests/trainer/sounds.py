"""Tones as recordings, and a pipeline simple enough to know what it must say of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import soundfile

from edge.bundle import Bundle
from edge.incremental import Incremental
from edge.pipeline import Pipeline
from edge.stages.enhance import Enhance
from edge.stages.lowrank import LowRank
from edge.stages.scalogram import MorletScalogram
from edge.types import Denoised, Descriptors, Encoding, Scores, Suspicion, Trace, Verdict, Window
from trainer.augment import TRAIN_NOISES

RATE_HZ = 16_000
WINDOW_S = 1.0


def write_tone(path: Path, *, hertz: float, seed: int, seconds: float = 1.0) -> None:
    """A tone with a little noise, so that every seed gives another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal(len(t))
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * t) + 0.01 * noise, RATE_HZ)


@dataclass
class TonePipeline:
    """Counts zero crossings: above 400 Hz is the first label. Gates windows below -60 dBFS."""

    labels: tuple[str, ...] = ("high_tone", "low_tone")
    scalogram: MorletScalogram = field(
        default_factory=lambda: MorletScalogram(
            rate_hz=RATE_HZ, window_s=WINDOW_S, n_bands=32, min_hz=60, max_hz=7000, omega0=6, hop_s=0.025, split_hz=500
        )
    )
    enhance: Enhance = field(default_factory=lambda: Enhance(floor_db=40, background=0, highboost=0, blur=1))
    lowrank: LowRank = field(
        default_factory=lambda: LowRank(
            test_matrix=np.random.default_rng(0).standard_normal((40, 12)).astype(np.float32), rank=8
        )
    )
    n_calibration: int = 99

    @property
    def suspicion(self) -> TonePipeline:
        return self

    @property
    def calibration(self) -> np.ndarray:
        return np.zeros(self.n_calibration, dtype=np.float32)

    def __call__(self, window: Window, /) -> Verdict:
        rms = float(np.sqrt(np.mean(window.samples**2)))
        if rms < 1e-3:
            return Verdict(window.start_s, None, 0.0, {}, None, None, "too_quiet", None, clipped=False)
        high = float(np.mean(np.diff(np.signbit(window.samples)))) * RATE_HZ / 2 > 400
        # As good as random, but a function of the samples alone.
        digest = hashlib.sha256(window.samples.tobytes()).digest()
        p_value = (1 + int.from_bytes(digest[:4], "big") % 1000) / 1000
        scores = {"high_tone": 0.9, "low_tone": 0.1} if high else {"high_tone": 0.2, "low_tone": 0.8}
        label = max(scores, key=scores.__getitem__)
        return Verdict(
            window.start_s, label, scores[label], scores, 1 - p_value, p_value, None, 20 * np.log10(rms), clipped=False
        )

    def trace(self, window: Window, /) -> Trace:
        scalogram = self.scalogram(window)
        enhanced = self.enhance(scalogram)
        lowrank = self.lowrank(enhanced)
        values = np.zeros(2, dtype=np.float32)
        scores = Scores(values=values, probabilities=values)
        return Trace(
            window=window,
            scalogram=scalogram,
            enhanced=enhanced,
            lowrank=lowrank,
            denoised=Denoised(scalogram=lowrank, residual_db=0.0),
            purified=lowrank,
            descriptors=Descriptors(values=values),
            encoding=Encoding(values=values, distance=0.0),
            scores=scores,
            scores_raw=scores,
            indicators=values,
            suspicion=Suspicion(score=0.0, p_value=1.0, n_calibration=self.n_calibration),
            novelty=None,
        )


class ToneBundle(Bundle):
    """The tone pipeline has no columns that could be kept: it judges every window by itself."""

    def judge(self, *, glance: bool = False) -> Incremental:
        return cast("Incremental", self.pipeline)


def tone_bundle(path: Path, *, train_clips: tuple[str, ...] = ()) -> Bundle:
    """A bundle around the tone pipeline, as if read from `path`."""
    return ToneBundle(
        path=path,
        id="ab" * 32,
        manifest={
            "name": "tones",
            "rate_hz": RATE_HZ,
            "window_s": WINDOW_S,
            "hop_s": 0.5,
            "trained_on": {"data_sha256": "00" * 32, "clips": list(train_clips), "noises": list(TRAIN_NOISES)},
            "made_by": {"seed": 5},
        },
        pipeline=cast("Pipeline", TonePipeline()),
        golden={},
    )
