"""Measure what a bundle costs on this machine: a second of a stream, whole windows, each stage inside them.

The sound is synthesised (pink-like noise, tones, pulses) and never silent, so that no window is cheaper than
in a noisy room. With --suggest every hop is measured, with the first look and without, and the liveliest that
keeps within the budget is named, and written into --config.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from edge.bundle import Bundle, read_bundle
from edge.busy_sound import busy_sound
from edge.config import EdgeConfig, InferenceConfig
from edge.config.write import write_inference
from edge.cost import measure_choices, ms_of_windows, suggest
from edge.daemon.health import rss_mb
from edge.errors import ConfigError
from edge.framing import windows_of
from edge.pipeline import Pipeline
from edge.stopwatch import timed_pipeline
from edge.types import Window

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge bench --bundle models/esc10
  edge bench --bundle models/esc10 --windows 200 --json
  edge bench --bundle models/esc10 --suggest --budget 10 --config /etc/tympan/edge.toml
"""
WARM_UP = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--bundle", required=True, type=Path, help="folder of the bundle")
    parser.add_argument("--windows", type=int, default=100, help="how many to measure (default: %(default)s)")
    parser.add_argument("--gate", choices=["on", "off"], default="off", help="with the first look (default: off)")
    parser.add_argument("--suggest", action="store_true", help="choose hop and first look for a budget")
    parser.add_argument("--budget", type=float, default=20.0, metavar="PERCENT", help="of one core (default: 20)")
    parser.add_argument("--config", type=Path, metavar="F", help="edge.toml to write the suggestion into")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(args: argparse.Namespace) -> int:
    """Measure and print."""
    if args.config is not None and not args.suggest:
        raise ConfigError("--config only with --suggest wanted. Got it alone.")
    bundle = read_bundle(args.bundle)
    if args.suggest:
        return _suggest(args, bundle)
    figures = _measure(bundle, max(1, args.windows), glance=args.gate == "on")
    if args.json:
        print(json.dumps(figures))
        return 0
    print(f"{figures['ms_per_audio_second']:.2f} ms a second of audio, a verdict every {figures['hop_s']:g} s")
    print(f"{figures['ms_per_window']['median']:.2f} ms a window alone (p95 {figures['ms_per_window']['p95']:.2f})")
    print(f"{figures['rss_mb']:.0f} MB")
    for name, stage in figures["stages"].items():
        print(f"  {name:<12} {stage['median']:7.3f}  p95 {stage['p95']:7.3f} ms")
    return 0


def _suggest(args: argparse.Namespace, bundle: Bundle) -> int:
    if not 0 < args.budget <= 100:
        raise ConfigError(f"--budget must be in (0, 100] percent. Got {args.budget:g} instead.")
    if args.config is not None:
        # Before the minute of measuring, not after it.
        EdgeConfig.load(args.config)
    choices = measure_choices(bundle)
    best = suggest(choices, args.budget / 100.0)
    if args.config is not None:
        write_inference(args.config, InferenceConfig(hop_s=best.hop_s, gate=best.gate))
    if args.json:
        print(json.dumps({"choices": [asdict(choice) for choice in choices], "best": asdict(best)}))
        return 0
    for choice in choices:
        mark = "  <" if choice == best else ""
        print(f"hop {choice.hop_s:3g} s  gate {'on ' if choice.gate else 'off'}  {choice.share:7.2%} of a core{mark}")
    print("gate on: measured on sound that is 70 % background")
    return 0


def _measure(bundle: Bundle, n_windows: int, *, glance: bool) -> dict[str, Any]:
    bundle.replay_golden()
    memory_mb = rss_mb()
    sound = busy_sound(bundle.window_s + n_windows * bundle.hop_s, bundle.rate_hz)
    windows = list(
        windows_of(
            sound,
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
        "ms_per_audio_second": fmean(ms_of_windows(bundle, sound, glance=glance)) / bundle.hop_s,
        "stages": {name: _summary(ms) for name, ms in taken.items()},
        "rss_mb": memory_mb,
        "hop_s": bundle.hop_s,
    }


def _timed_ms(pipeline: Pipeline, window: Window) -> float:
    started = time.perf_counter()
    pipeline.trace(window)
    return 1000.0 * (time.perf_counter() - started)


def _summary(values_ms: list[float]) -> dict[str, float]:
    return {"median": float(np.median(values_ms)), "p95": float(np.percentile(values_ms, 95))}
