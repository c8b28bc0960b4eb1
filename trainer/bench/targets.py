"""What was wanted, beside what came: shown, never enforced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.bench.streams import BACKGROUND
from trainer.bench.variants import GATED, HOPS_S, PATCH_HOPS_S, UNGATED, variant_name

__all__ = ["FULL", "RATIOS", "YAMNET", "YAMNET_INT8", "Ratio", "judge_targets", "ratios_of"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our cost against another's, a second of sound each."""

    name: str
    what: str
    ours: str | None
    """Variant; None where there is no such way yet"""
    theirs: str
    limit: float
    strict: bool = False
    """Below the limit, not at it"""
    instructions: bool = False
    """Of instructions, not of time"""

    def of(self, figures: Mapping[str, Any]) -> float | None:
        """None where one of the two was not measured."""
        if self.instructions:
            values: Mapping[str, float] = figures["instructions"]["per_s"]
        else:
            values = {name: row["median"] for name, row in figures["variants"].items()}
        if self.ours is None or self.ours not in values or self.theirs not in values:
            return None
        return values[self.ours] / values[self.theirs]


FULL = variant_name(UNGATED.name, HOPS_S[0])
ON_BACKGROUND = None if GATED is None else variant_name(GATED.name, HOPS_S[0], BACKGROUND)
YAMNET, YAMNET_INT8 = (variant_name(name, PATCH_HOPS_S[0]) for name in ("yamnet_f32", "yamnet_int8"))

RATIOS = (
    Ratio("time_yamnet_f32", "full pipeline, hop 1 s, against YAMNet float32: time", FULL, YAMNET, 0.55),
    Ratio("instructions_yamnet_f32", "the same: instructions", FULL, YAMNET, 0.55, instructions=True),
    Ratio("time_gated_yamnet_f32", "gated, on a stream that is 70 % background: time", ON_BACKGROUND, YAMNET, 0.33),
    Ratio("time_yamnet_int8", "full pipeline against YAMNet int8: time", FULL, YAMNET_INT8, 1.0, strict=True),
)


def ratios_of(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """By name; what the history keeps."""
    return {ratio.name: ratio.of(figures) for ratio in RATIOS}


def judge_targets(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was measured, what was wanted, what came, and whether it is met; None where it was not measured."""
    rows = []
    for ratio in RATIOS:
        value = ratio.of(figures)
        met = None if value is None else value < ratio.limit or (value == ratio.limit and not ratio.strict)
        wanted = f"{'<' if ratio.strict else '≤'} {ratio.limit:g}"
        rows.append(row(ratio.what, wanted, None if value is None else f"{value:.2f}", met))
    daemon = figures["daemon"]
    start_s, batch = daemon["first_verdict_s"]["median"], figures["batches"][UNGATED.name]["ratio"]
    grows, longer = figures["sources"]["last_against_first"], daemon["rss_mb_long"] - daemon["rss_mb"]
    slope = daemon["cpu_ms_per_s"] / figures["variants"][FULL]["median"]
    return [
        *rows,
        row("a batch of 16 windows against one", "≤ 8", f"{batch:.1f}", batch <= 8.0),
        row("daemon process: resident memory", "≤ 80 MB", f"{daemon['rss_mb']:.0f} MB", daemon["rss_mb"] <= 80.0),
        row("daemon process: start to first verdict", "≤ 0.6 s", f"{start_s:.2f} s", start_s <= 0.6),
        row("daemon's slope against the pipeline's figure", "0.8 to 1.25", f"{slope:.2f}", 0.8 <= slope <= 1.25),
        row("cost of a source, 8 of them against 1", "≤ 1.1", f"{grows:.2f}", grows <= 1.1),
        row("memory after 330 s of sound against 30 s", "≤ +1 MB", f"{longer:+.1f} MB", longer <= 1.0),
    ]


def row(what: str, wanted: str, got: str | None, met: bool | None) -> dict[str, Any]:  # noqa: FBT001 - a row's last cell
    """One target."""
    return {"what": what, "wanted": wanted, "got": got, "met": met}
