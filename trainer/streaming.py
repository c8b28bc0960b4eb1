"""What streaming costs: held-out clips one after another, as a microphone hears them, judged every hop.

Two choices are compared at the same bundle. `context` is the deployed one: floor reference, SVD and
autoencoder see the window and nothing else. `running_maximum` takes the loudest level since the
stream began as the reference of the floor, which would let images be computed column by column. A
reference that lies d dB above the window's own peak is the same as a floor that is d dB higher, so
the enhancement of the edge computes both.

A window counts for the clip that fills most of it, and results are given by the share it fills.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from edge.bundle import Bundle
from edge.framing import windows_of
from edge.pipeline import Pipeline
from edge.types import Window
from trainer.data import read_clip
from trainer.evaluate import Evaluation, Judged, accuracy

__all__ = ["REFERENCES", "labels_by_reference", "measure_streaming", "streaming_rows"]

REFERENCES = ("context", "running_maximum")
SEED = 0
SHARE_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """One window of a stream."""

    share: float
    """Of the window that its main clip fills, in (0.5, 1]"""
    right: dict[str, bool]
    """By reference"""


def measure_streaming(evaluation: Evaluation) -> dict[str, Any]:
    """Accuracy by reference and by share of the window; one stream a bundle, in a seeded order."""
    heard: list[Heard] = []
    for bundle in evaluation.bundles:
        heard.extend(_listen(bundle, [j for j in evaluation.judged if j.bundle.id == bundle.id]))
    figures: dict[str, Any] = {}
    for reference in REFERENCES:
        by_share: dict[float, list[bool]] = defaultdict(list)
        for one in heard:
            by_share[one.share].append(one.right[reference])
        figures[reference] = {
            f"{share:.1f}": accuracy(sum(right), len(right)) for share, right in sorted(by_share.items(), reverse=True)
        }
    return figures


def streaming_rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Lines for people: what, and the accuracy at each share."""
    return [
        (
            f"stream, floor below the {reference.replace('_', ' ')}",
            ", ".join(
                f"{row['accuracy']:.1%} where a clip fills {float(share):.0%}" for share, row in by_share.items()
            ),
        )
        for reference, by_share in figures.items()
    ]


def _listen(bundle: Bundle, judged: list[Judged]) -> list[Heard]:
    """The clips of one bundle as one stream."""
    order = np.random.default_rng(SEED).permutation(len(judged))
    clips = [judged[i].clip for i in order]
    sounds = [read_clip(clip, rate_hz=bundle.rate_hz) for clip in clips]
    ends = np.cumsum([len(sound) for sound in sounds])
    windows = windows_of(np.concatenate(sounds), rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s)
    heard = []
    loudest = -np.inf
    for window in tqdm(windows, desc="stream", unit="window", disable=None):
        if bundle.pipeline.gate(window).reason is not None:
            continue
        counts: dict[int, int] = defaultdict(int)
        begin = round(window.start_s * bundle.rate_hz)
        for i in np.searchsorted(ends, np.arange(begin, begin + len(window.samples)), side="right").tolist():
            counts[i] += 1
        main = max(counts, key=counts.__getitem__)
        share = round(counts[main] / len(window.samples), 1)
        peak_db = bundle.pipeline.scalogram(window).peak_db
        loudest = max(loudest, peak_db)
        if share > SHARE_MIN:
            said = labels_by_reference(bundle.pipeline, window, loudest - peak_db)
            heard.append(Heard(share, {name: label == clips[main].label for name, label in said.items()}))
    return heard


def labels_by_reference(pipeline: Pipeline, window: Window, above_db: float) -> dict[str, str]:
    """The label under each reference; nothing is left of a window that lies wholly below the floor."""
    raised = replace(pipeline.enhance, floor_db=max(pipeline.enhance.floor_db - above_db, 0.0))
    pipelines = {"context": pipeline, "running_maximum": replace(pipeline, enhance=raised)}
    return {name: one.labels[int(one.trace(window).scores.values.argmax())] for name, one in pipelines.items()}
