"""Estimates for boards that are not here, from published figures of MobileNet v1 on them. Estimates, not measurements.

ncnn's own benchmark list (github.com/Tencent/ncnn, benchmark/README.md) has MobileNet v1 at 224 × 224 in float32 on one
thread of each board, all by the same program. YAMNet is that network on a smaller image, so its share of the
multiplications gives what it costs there, and our ratio to it, measured here, gives ours. There are two such ratios, of
time and of instructions; the boards' 128-bit vectors and small caches make neither exact, so both ends are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.bench.targets import FULL, YAMNET
from trainer.bench.variants import FRONT_END, PATCH_HOPS_S, variant_name
from trainer.bench.yamnet import multiplies

__all__ = ["BOARDS", "Board", "estimate_boards"]

SOURCE = "github.com/Tencent/ncnn, benchmark/README.md: `mobilenet`, 1 thread"
MEL = variant_name(FRONT_END, PATCH_HOPS_S[0])
MOBILENET_MULTIPLIES = 569e6
"""MobileNet v1, 224 × 224, as published (arXiv 1704.04861, table 8)"""


@dataclass(frozen=True, slots=True)
class Board:
    """One thread of it."""

    name: str
    core: str
    mobilenet_ms: float
    """MobileNet v1, 224 × 224, float32, published"""


BOARDS = (
    Board("Raspberry Pi 4", "Cortex-A72, 1.8 GHz", 124.32),
    Board("Raspberry Pi Zero 2 W", "Cortex-A53, 1.0 GHz", 393.94),
)


def estimate_boards(figures: Mapping[str, Any]) -> dict[str, Any]:
    """By board, ms a second of sound: YAMNet's network, and our full pipeline as a range."""
    costs = [{name: row["median"] for name, row in figures["variants"].items()}]
    if figures["instructions"]["per_s"]:
        costs.append(figures["instructions"]["per_s"])
    # What is published is the network alone, without a front end.
    ratios = [cost[FULL] / (cost[YAMNET] - cost[MEL]) for cost in costs]
    rows = []
    for board in BOARDS:
        yamnet_ms = board.mobilenet_ms * multiplies() / MOBILENET_MULTIPLIES / PATCH_HOPS_S[0]
        rows.append(
            {
                "board": board.name,
                "core": board.core,
                "published_mobilenet_ms": board.mobilenet_ms,
                "yamnet_ms_per_s": yamnet_ms,
                "ours_ms_per_s": [yamnet_ms * min(ratios), yamnet_ms * max(ratios)],
            }
        )
    return {"source": SOURCE, "ratios": ratios, "boards": rows, "estimate": True}
