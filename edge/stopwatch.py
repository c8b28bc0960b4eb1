"""The same pipeline with a stopwatch at each stage."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from typing import Any

from edge.pipeline import Pipeline

__all__ = ["timed_pipeline"]


class _Timed:
    """A stage that adds up the time it takes; the same forward path runs it, twice a window for some."""

    def __init__(self, name: str, stage: Any, spent_ms: defaultdict[str, float]) -> None:
        self._name = name
        self._stage = stage
        self._spent_ms = spent_ms

    def __call__(self, *values: Any) -> Any:
        started = time.perf_counter()
        result = self._stage(*values)
        self._spent_ms[self._name] += 1000.0 * (time.perf_counter() - started)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def timed_pipeline(pipeline: Pipeline, spent_ms: defaultdict[str, float]) -> Pipeline:
    """Adds each stage's milliseconds to `spent_ms` under the stage's name; the gate is left as it is."""
    stages = {slot: getattr(pipeline, slot) for slot in Pipeline.slots()}
    timed: dict[str, Any] = {
        slot: _Timed(stage.name, stage, spent_ms) for slot, stage in stages.items() if slot != "gate"
    }
    return replace(pipeline, **timed)
