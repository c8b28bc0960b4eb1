"""Interleaved rounds on one core: whatever else the machine does meets all systems alike.

Times are processor time of the process: a neighbour on the core spoils its caches, but is not counted.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import process_time
from typing import Any

from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from edge.bundle import Bundle
from edge.framing import windows_of
from edge.stopwatch import timed_pipeline
from edge.types import F32
from trainer.bench.streams import BUSY, PERIOD_S, Tape
from trainer.bench.summary import summary
from trainer.bench.variants import HOPS_S, VARIANTS, Prepared

__all__ = ["measure_stages", "measure_variants", "one_core"]

ROUND_S = 12.0
"""Sound that each system hears in a round; of a stream that is not alike all the time, one whole period"""
WARM_UP_S = 15.0
WINDOWS_A_ROUND = 10


@contextmanager
def one_core() -> Iterator[int]:
    """The process, and whatever it starts, on one core with one thread; the core's number."""
    allowed = os.sched_getaffinity(0)
    # Core 0 serves most interrupts.
    core = max(allowed)
    os.sched_setaffinity(0, {core})
    try:
        with threadpool_limits(limits=1):
            yield core
    finally:
        os.sched_setaffinity(0, allowed)


def measure_variants(prepared: Prepared, streams: Mapping[str, F32], rate_hz: int, n_rounds: int) -> dict[str, Any]:
    """By variant, ms for a second of sound: median and minimum over rounds."""
    running = {}
    for variant in VARIANTS:
        runner, tape = variant.make(prepared), Tape(streams[variant.stream])
        n_hop = round(variant.hop_s * rate_hz)
        for _ in range(round(WARM_UP_S / variant.hop_s)):
            runner(tape.take(n_hop))
        running[variant] = runner, tape, n_hop
    taken: dict[str, list[float]] = {variant.name: [] for variant in VARIANTS}
    for _ in tqdm(range(n_rounds), desc="rounds", unit="round", disable=None):
        for variant, (runner, tape, n_hop) in running.items():
            length_s = ROUND_S if variant.stream == BUSY else PERIOD_S
            blocks = [tape.take(n_hop) for _ in range(round(length_s / variant.hop_s))]
            started = process_time()
            for block in blocks:
                runner(block)
            elapsed_ms = 1000.0 * (process_time() - started)
            taken[variant.name].append(elapsed_ms / (len(blocks) * variant.hop_s))
    return {
        variant.name: {"system": variant.system, "hop_s": variant.hop_s, "stream": variant.stream}
        | summary(taken[variant.name])
        for variant in VARIANTS
    }


def measure_stages(bundle: Bundle, busy: F32, n_rounds: int) -> dict[str, Any]:
    """By stage, ms a window computed anew: median and minimum over rounds."""
    windows = windows_of(busy, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=HOPS_S[0])
    chosen = [window for window, _ in zip(windows, range(WINDOWS_A_ROUND), strict=False)]
    spent_ms: defaultdict[str, float] = defaultdict(float)
    timed = timed_pipeline(bundle.pipeline, spent_ms, process_time)
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for i_round in range(n_rounds + 1):
        spent_ms.clear()
        for window in chosen:
            timed(window)
        # The first round fills caches.
        if i_round:
            for name, ms in spent_ms.items():
                taken[name].append(ms / len(chosen))
    return {name: summary(values) for name, values in taken.items()}
