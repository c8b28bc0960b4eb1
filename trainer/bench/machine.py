"""The machine that was measured on: figures of two machines are not compared."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["cpu_model", "describe_machine"]

CPUINFO = Path("/proc/cpuinfo")


def describe_machine(core: int) -> dict[str, Any]:
    """Processor, core, and the libraries that do the work."""
    return {
        "cpu": cpu_model(CPUINFO.read_text(encoding="utf-8")),
        "architecture": platform.machine(),
        "n_cores": os.cpu_count(),
        "core": core,
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "ai-edge-litert")},
    }


def cpu_model(cpuinfo: str) -> str:
    """Name and numbers of the first processor; of an ARM core, whose name is not given, the numbers."""
    first = cpuinfo.strip().split("\n\n", maxsplit=1)[0]
    values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
    keys = ("model name", "cpu family", "model", "CPU implementer", "CPU part")
    return " ".join(f"{key} {values[key]}" if key != keys[0] else values[key] for key in keys if key in values)
