"""Milliseconds of one processor core for a second of audio, every system in the same process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from edge.types import F32
from trainer.baselines.base import Fitted

__all__ = ["measure_cost"]


def measure_cost(
    systems: Mapping[str, Fitted], sounds: Sequence[F32], rate_hz: int, *, n_rounds: int = 7
) -> dict[str, float]:
    """Median over rounds and clips of the time to judge one clip (n_samples,), ms a second of audio, by system.

    From samples to label, features included, one clip at a time, one thread. The rounds go through all systems in
    turn, so that whatever else the machine does meets all of them alike.
    """
    spent: dict[str, list[float]] = {name: [] for name in systems}
    with threadpool_limits(limits=1):
        for i_round in range(n_rounds + 1):
            for name, system in systems.items():
                for samples in sounds:
                    start = time.perf_counter()
                    system.judge(samples)
                    elapsed_ms = 1000.0 * (time.perf_counter() - start)
                    # The first round fills caches.
                    if i_round:
                        spent[name].append(elapsed_ms * rate_hz / len(samples))
    return {name: float(np.median(values)) for name, values in spent.items()}
