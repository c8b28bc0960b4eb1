"""A run folder to a bundle for the device."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigError
from trainer.export.tflite import export_tflite

__all__ = ["TARGETS", "export"]

TARGETS = {"tflite": export_tflite}


def export(run: Path, *, target: str, out: Path, figures: Path | None = None) -> Path:
    """Write the bundle folder `out` for a target of TARGETS and give it; `figures` is the JSON of `trainer evaluate`.

    Raises
    ------
    ConfigError : an unknown target, or `out` is there already
    ExportError : the run folder is not complete
    """
    if target not in TARGETS:
        raise ConfigError(f"--target must be one of {', '.join(sorted(TARGETS))}. Got {target} instead.")
    return TARGETS[target](Path(run), Path(out), figures)
