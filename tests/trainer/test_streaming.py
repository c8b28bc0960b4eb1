"""The stream of held-out clips: every window counted once, under both references."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.bundle import read_bundle
from edge.types import Window
from tests.tiny import LABELS, RATE_HZ, tiny_sound, write_tiny_dataset
from trainer.data import load_dataset
from trainer.evaluate import evaluate_bundle
from trainer.streaming import REFERENCES, labels_by_reference, measure_streaming, streaming_rows


def test_stream_of_clips(tiny_bundle: Path, tmp_path: Path) -> None:
    """Clips and windows of 2 s, a hop of 0.5 s: shares 1, 0.75 twice, and half and half, which counts for none."""
    dataset = load_dataset(write_tiny_dataset(tmp_path / "sounds"))
    evaluation = evaluate_bundle(tiny_bundle, dataset, run=None, allow_train_clips=True, command="trainer evaluate")
    figures = measure_streaming(evaluation)
    assert set(figures) == set(REFERENCES)
    n_clips = 6 * len(LABELS)
    for by_share in figures.values():
        assert {share: row["n"] for share, row in by_share.items()} == {"1.0": n_clips, "0.8": 2 * (n_clips - 1)}
    whole = figures["context"]["1.0"]["accuracy"]
    alone = sum(judged.right for judged in evaluation.judged) / n_clips
    assert whole == alone, "a window that holds one whole clip is that clip's window"
    assert len(streaming_rows(figures)) == len(REFERENCES)


def test_running_maximum_goes_deaf_after_a_bang(tiny_bundle: Path) -> None:
    """With a reference 60 dB above them, all sounds look alike; with their own they do not."""
    pipeline = read_bundle(tiny_bundle).pipeline
    rng = np.random.default_rng(8)
    said = [labels_by_reference(pipeline, Window(tiny_sound(label, rng), RATE_HZ, 0.0), 60.0) for label in LABELS]
    assert len({one["running_maximum"] for one in said}) == 1
    assert [one["context"] for one in said] == list(LABELS)
