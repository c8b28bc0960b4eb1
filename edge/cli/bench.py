"""Measure what a bundle costs on this machine: whole windows, and each stage inside them.

The sound is synthesised (pink-like noise, tones, pulses), never silent, and the gate is not asked, so
that no window is cheaper than in a noisy room.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from edge.bundle import Bundle, read_bundle
from edge.busy_sound import busy_sound
from edge.daemon.health import rss_mb
from edge.framing import windows_of
from edge.pipeline import Pipeline
from edge.stopwatch import timed_pipeline
from edge.types import Window

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge bench --bundle models/esc10
  edge bench --bundle models/esc10 --windows 200 --json
"""
WARM_UP = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--bundle", required=True, type=Path, help="folder of the bundle")
    parser.add_argument("--windows", type=int, default=100, help="how many to measure (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(args: argparse.Namespace) -> int:
    """Measure and print."""
    figures = _measure(read_bundle(args.bundle), max(1, args.windows))
    if args.json:
        print(json.dumps(figures))
        return 0
    print(f"{figures['ms_per_window']['median']:.2f} ms a window (p95 {figures['ms_per_window']['p95']:.2f})")
    print(f"{figures['ms_per_audio_second']:.2f} ms a second of audio, {figures['rss_mb']:.0f} MB")
    for name, stage in figures["stages"].items():
        print(f"  {name:<12} {stage['median']:7.3f}  p95 {stage['p95']:7.3f} ms")
    return 0


def _measure(bundle: Bundle, n_windows: int) -> dict[str, Any]:
    windows = list(
        windows_of(
            busy_sound(bundle.window_s + n_windows * bundle.hop_s, bundle.rate_hz),
            rate_hz=bundle.rate_hz,
            window_s=bundle.window_s,
            hop_s=bundle.hop_s,
        )
    )[:n_windows]
    for window in windows[:WARM_UP]:
        bundle.pipeline.trace(window)
    whole_ms = [_timed_ms(bundle.pipeline, window) for window in windows]
    spent_ms: defaultdict[str, float] = defaultdict(float)
    taken: defaultdict[str, list[float]] = defaultdict(list)
    instrumented = timed_pipeline(bundle.pipeline, spent_ms)
    for window in windows:
        spent_ms.clear()
        instrumented.trace(window)
        for name, ms in spent_ms.items():
            taken[name].append(ms)
    whole = _summary(whole_ms)
    return {
        "ms_per_window": whole,
        "ms_per_audio_second": whole["median"] / bundle.hop_s,
        "stages": {name: _summary(ms) for name, ms in taken.items()},
        "rss_mb": rss_mb(),
        "hop_s": bundle.hop_s,
    }


def _timed_ms(pipeline: Pipeline, window: Window) -> float:
    started = time.perf_counter()
    pipeline.trace(window)
    return 1000.0 * (time.perf_counter() - started)


def _summary(values_ms: list[float]) -> dict[str, float]:
    return {"median": float(np.median(values_ms)), "p95": float(np.percentile(values_ms, 95))}
