"""Arithmetic of repeated measurements: medians, minima, and slopes that leave the start out."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

__all__ = ["slope", "summary"]


def summary(values: Sequence[float]) -> dict[str, float]:
    """The median says what is usual, the minimum what the machine can do undisturbed."""
    return {"median": float(median(values)), "min": float(min(values))}


def slope(short: tuple[float, float], long: tuple[float, float]) -> float:
    """Cost a unit of length, from (length, cost) of two runs: what both pay once cancels.

    Raises
    ------
    ValueError : the second run is not the longer one
    """
    if not short[0] < long[0]:
        raise ValueError(f"a second run longer than {short[0]:g} wanted. Got {long[0]:g} instead.")
    return (long[1] - short[1]) / (long[0] - short[0])
