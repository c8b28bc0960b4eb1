"""The same pipeline with a stopwatch at each stage."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from edge.pipeline import Pipeline

__all__ = ["timed_pipeline"]

Clock = Callable[[], float]
"""Seconds from some start"""


class _Timed:
    """A stage that adds up the time it takes; the same forward path runs it, twice a window for some."""

    def __init__(self, name: str, stage: Any, spent_ms: defaultdict[str, float], clock: Clock) -> None:
        self._name = name
        self._stage = stage
        self._spent_ms = spent_ms
        self._clock = clock

    def __call__(self, *values: Any) -> Any:
        started = self._clock()
        result = self._stage(*values)
        self._spent_ms[self._name] += 1000.0 * (self._clock() - started)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def timed_pipeline(pipeline: Pipeline, spent_ms: defaultdict[str, float], clock: Clock = time.perf_counter) -> Pipeline:
    """Adds each stage's milliseconds to `spent_ms` under the stage's name; the gate is left as it is."""
    stages = {slot: getattr(pipeline, slot) for slot in Pipeline.slots()}
    timed: dict[str, Any] = {
        slot: _Timed(stage.name, stage, spent_ms, clock) for slot, stage in stages.items() if slot != "gate"
    }
    return replace(pipeline, **timed)
