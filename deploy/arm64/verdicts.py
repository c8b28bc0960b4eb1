"""The verdicts of two machines on one sound, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.arm64.tools import ToolError

__all__ = ["Comparison", "compare_verdicts"]

EQUAL = ("start_s", "label", "reason", "best", "suspicion_flag")
CLOSE = {"confidence": "probabilities", "suspicion": "suspicion", "novelty": "novelty"}
"""Field of a verdict → the tolerance of the bundle that holds for it"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two lists of verdicts are from each other."""

    n_verdicts: int
    n_labelled: int
    """With a label on the first machine"""
    different: list[str]
    """Where a field that must be equal is not, in words"""
    deviation: dict[str, float]
    """Largest difference of each field that must be close"""
    tolerance: dict[str, float]

    @property
    def holds(self) -> bool:
        """Whether the two machines say the same."""
        return not self.different and all(self.deviation[name] <= self.tolerance[name] for name in self.deviation)


def compare_verdicts(
    wanted: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]], tolerance: Mapping[str, float]
) -> Comparison:
    """Objects as `edge run --stdout` writes them, one a window; `tolerance` is the bundle's.

    Raises
    ------
    ToolError : the lists differ in length, or have nothing in them
    """
    if not wanted or len(wanted) != len(got):
        raise ToolError(f"{len(wanted) or 'some'} verdicts wanted. Got {len(got)} instead.")
    different = [
        f"{ours['start_s']:g} s: {name} {ours[name]} wanted. Got {theirs[name]} instead."
        for ours, theirs in zip(wanted, got, strict=True)
        for name in EQUAL
        if ours[name] != theirs[name]
    ]
    deviation = {}
    for name, source in CLOSE.items():
        if source not in tolerance:
            continue
        pairs = [(ours[name], theirs[name]) for ours, theirs in zip(wanted, got, strict=True)]
        # A window that is not judged has none; that both agree on it is checked above.
        deviation[name] = max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
    return Comparison(
        n_verdicts=len(wanted),
        n_labelled=sum(verdict["label"] is not None for verdict in wanted),
        different=different,
        deviation=deviation,
        tolerance={name: tolerance[CLOSE[name]] for name in deviation},
    )
