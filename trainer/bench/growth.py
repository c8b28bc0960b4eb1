"""How the cost grows: with the windows of a batch, and with the sources of one device."""

from __future__ import annotations

from time import process_time
from typing import Any

from edge.bundle import Bundle
from edge.framing import windows_of
from edge.types import F32
from trainer.bench.streams import Tape
from trainer.bench.summary import summary
from trainer.bench.variants import HOPS_S, UNGATED, WAYS, VerdictStream

__all__ = ["BATCH", "SOURCES", "measure_batches", "measure_sources"]

BATCH = 16
SOURCES = (1, 2, 4, 8)
SECONDS = 4
"""Sound that every source hears in a round"""
HOW = (
    "Framers of several sources through one pipeline, in turn and in one thread, as the daemon's inference thread has "
    "it; `edge run` itself takes one file at a time"
)


def measure_batches(bundle: Bundle, busy: F32, n_rounds: int) -> dict[str, Any]:
    """By way, ms for the first window of a recording and for its first 16, one hop apart; nothing is kept between."""
    hop_s = HOPS_S[0]
    stream = windows_of(busy, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=hop_s)
    windows = [window for window, _ in zip(stream, range(BATCH), strict=False)]
    taken: dict[tuple[str, int], list[float]] = {(way.name, n): [] for way in WAYS for n in (1, BATCH)}
    for i_round in range(n_rounds + 1):
        for way in WAYS:
            for n_windows in (1, BATCH):
                judge = way.make(bundle.pipeline)
                started = process_time()
                for window in windows[:n_windows]:
                    judge(window)
                # The first round fills caches.
                if i_round:
                    taken[way.name, n_windows].append(1000.0 * (process_time() - started))
    figures = {}
    for way in WAYS:
        one, many = summary(taken[way.name, 1]), summary(taken[way.name, BATCH])
        figures[way.name] = {"1": one, str(BATCH): many, "ratio": many["median"] / one["median"]}
    return figures


def measure_sources(bundle: Bundle, busy: F32, n_rounds: int) -> dict[str, Any]:
    """By number of sources, ms of the core for one second of all of them."""
    hop_s = HOPS_S[0]
    n_hop = round(hop_s * bundle.rate_hz)
    running = {n: [source(bundle, busy, i) for i in range(n)] for n in SOURCES}
    taken: dict[int, list[float]] = {n: [] for n in SOURCES}
    for i_round in range(n_rounds + 1):
        for n_sources, sources in running.items():
            blocks = [[tape.take(n_hop) for _, tape in sources] for _ in range(SECONDS)]
            started = process_time()
            for second in blocks:
                for (stream, _), block in zip(sources, second, strict=True):
                    stream(block)
            # The first round fills caches.
            if i_round:
                taken[n_sources].append(1000.0 * (process_time() - started) / (SECONDS * hop_s))
    by_number = {str(n): summary(values) for n, values in taken.items()}
    first, last = (by_number[str(n)]["median"] / n for n in (SOURCES[0], SOURCES[-1]))
    return {"way": UNGATED.name, "how": HOW, "ms_per_s": by_number, "last_against_first": last / first}


def source(bundle: Bundle, busy: F32, number: int) -> tuple[VerdictStream, Tape]:
    """One of several: its own framing and its own place in the sound, the first window heard."""
    judge = UNGATED.make(bundle.pipeline)
    stream = VerdictStream(judge, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=HOPS_S[0])
    tape = Tape(busy, start=number * 7 * bundle.rate_hz % len(busy))
    stream(tape.take(round(bundle.window_s * bundle.rate_hz)))
    return stream, tape
