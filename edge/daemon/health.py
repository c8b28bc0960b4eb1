"""How the device is: load, memory, temperature, delays and losses; null where this machine cannot say."""

from __future__ import annotations

import ctypes
import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

__all__ = ["HealthMeter", "clock_synced", "p95", "rss_mb"]

TIME_ERROR = 5
"""adjtimex: the clock is not synchronised"""
TIMEX_BYTES = 512
"""More than struct timex takes on any Linux; its first word, modes = 0, makes the call read-only"""


class HealthMeter:
    """Reads the machine; processor load is since the last reading."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._at_s = time.monotonic()
        self._cpu_s = _cpu_s()

    def read(self) -> dict[str, Any]:
        """The part of `health` that the machine knows."""
        now_s, cpu_s = time.monotonic(), _cpu_s()
        passed_s = max(now_s - self._at_s, 1e-3)
        cpu = (cpu_s - self._cpu_s) / passed_s
        self._at_s, self._cpu_s = now_s, cpu_s
        return {
            "cpu": cpu,
            "rss": rss_mb(),
            "temperature": _temperature_c(),
            "disk_free": shutil.disk_usage(self._state_dir).free,
            "clock_synced": clock_synced(),
        }


def p95(values: Collection[float]) -> float | None:
    """95th percentile, nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))] if ordered else None


def rss_mb() -> float:
    """Resident memory of this process, MB (1e6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def clock_synced() -> bool | None:
    """Whether the kernel's clock is disciplined by NTP; None if it does not say."""
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) if hasattr(libc, "adjtimex") else -1
    return None if state < 0 else state != TIME_ERROR


def _cpu_s() -> float:
    """Processor time of this process and of its ended children, seconds; 1.0 of `cpu` is one core."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _temperature_c() -> float | None:
    """Of the first thermal zone, °C."""
    try:
        return int(Path("/sys/class/thermal/thermal_zone0/temp").read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None  # containers and many virtual machines have no thermal zone
