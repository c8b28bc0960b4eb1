"""How often windows are judged, and whether those that show nothing new are: what it may cost, not what it says."""

from __future__ import annotations

from dataclasses import dataclass

from edge.table import Table

__all__ = ["InferenceConfig", "read_inference"]


@dataclass(frozen=True, slots=True)
class InferenceConfig:
    """Verdicts a second, and the first look."""

    hop_s: float | None = None
    """Distance of verdicts, seconds, at most a window; None is the bundle's"""
    gate: bool = True
    """A window that shows nothing new gets the verdict of the one before (`edge.glance`)"""


def read_inference(table: Table | None) -> InferenceConfig:
    """[inference] of edge.toml."""
    default = InferenceConfig()
    if table is None:
        return default
    hop_s = table.number("hop_s", 0.0, 0.1, 60.0)
    config = InferenceConfig(hop_s=hop_s or None, gate=table.flag("gate", default=default.gate))
    table.close()
    return config
