"""Figures as `trainer.bench.run.bench` gives them, small and made up."""

from __future__ import annotations

from typing import Any

from trainer.bench.boards import estimate_boards
from trainer.bench.targets import judge_targets
from trainer.bench.variants import VARIANTS, WAYS

__all__ = ["made_up"]


def made_up(*, ms: dict[str, float] | None = None, per_s: dict[str, float] | None = None) -> dict[str, Any]:
    """Every variant costs 2 ms a second, the front end 0.1, unless `ms` says otherwise; only `per_s` is counted."""
    cost = {variant.name: 0.1 if variant.system == "log_mel" else 2.0 for variant in VARIANTS} | (ms or {})
    figures: dict[str, Any] = {
        "date": "2026-01-02T03:04:05Z",
        "version": "0.1.0",
        "command": "trainer bench b",
        "slow_down": None,
        "machine": {"cpu": "made up", "load_before": 0.0, "load_after": 1.0},
        "n_rounds": 3,
        "bundle": {"name": "b", "id": "0" * 64},
        "ways": {way.name: way.what for way in WAYS},
        "models": {"yamnet_f32": {"n_parameters": 3_751_369, "bytes": 14_892_344}},
        "variants": {
            variant.name: {
                "system": variant.system,
                "hop_s": variant.hop_s,
                "stream": variant.stream,
                "median": cost[variant.name],
                "min": 0.9 * cost[variant.name],
            }
            for variant in VARIANTS
        },
        "stages_ms": {"scalogram": {"median": 0.5, "min": 0.4}, "svm": {"median": 0.1, "min": 0.1}},
        "batches": {
            way.name: {"1": {"median": 2.0, "min": 2.0}, "16": {"median": 18.0, "min": 17.0}, "ratio": 9.0}
            for way in WAYS
        },
        "sources": {
            "ms_per_s": {"1": {"median": 2.0, "min": 2.0}, "8": {"median": 17.0, "min": 16.0}},
            "last_against_first": 17 / 16,
        },
        "daemon": {
            "first_verdict_s": {"median": 0.5, "min": 0.4},
            "rss_mb": 81.0,
            "peak_mb": 90.0,
            "rss_mb_long": 81.5,
            "lengths_s": [60, 660],
            "cpu_ms_per_s": 2.2,
            "wall_ms_per_s": 2.3,
        },
        "instructions": {"skipped": None if per_s else "no valgrind here", "per_s": per_s or {}},
    }
    return figures | {"targets": judge_targets(figures), "boards": estimate_boards(figures)}
