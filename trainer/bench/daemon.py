"""The real daemon as a process: its start, its memory, and its cost a second from two lengths of sound."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile

from edge.types import F32
from trainer.bench.summary import slope, summary
from trainer.errors import TrainerError

__all__ = ["measure_daemon", "resident_mb"]

SHORT_S, LONG_S = 60, 660
N_STARTS = 7
N_SLOPES = 3
KB = 1024 / 1e6
HOW = "edge run FILE --fast --stdout --gate off, on a file of made sound that is never silent"


@dataclass(frozen=True, slots=True)
class Run:
    """One daemon from start to end."""

    first_verdict_s: float
    """From the start of the process to its first line"""
    wall_s: float
    cpu_s: float
    """User and system time of the process"""
    rss_mb: float
    """Resident in the middle of the sound, MB (1e6 bytes)"""
    peak_mb: float
    """Highest until then"""


def measure_daemon(bundle: Path, busy: F32, rate_hz: int, folder: Path) -> dict[str, Any]:
    """Start, memory, and ms a second of sound; every figure the median of several processes."""
    files = {}
    for seconds in (SHORT_S, LONG_S):
        files[seconds] = folder / f"busy-{seconds}.wav"
        soundfile.write(files[seconds], np.resize(busy, seconds * rate_hz), rate_hz, subtype="PCM_16")
    run_daemon(bundle, files[SHORT_S])
    starts = [run_daemon(bundle, files[SHORT_S]) for _ in range(N_STARTS)]
    pairs = [(run_daemon(bundle, files[SHORT_S]), run_daemon(bundle, files[LONG_S])) for _ in range(N_SLOPES)]
    slopes = {
        clock: 1000.0 * median(slope((SHORT_S, getattr(a, clock)), (LONG_S, getattr(b, clock))) for a, b in pairs)
        for clock in ("cpu_s", "wall_s")
    }
    return {
        "how": HOW,
        "n_starts": N_STARTS,
        "first_verdict_s": summary([run.first_verdict_s for run in starts]),
        "rss_mb": median(run.rss_mb for run in starts),
        "peak_mb": median(run.peak_mb for run in starts),
        "rss_mb_long": median(run.rss_mb for _, run in pairs),
        "lengths_s": [SHORT_S, LONG_S],
        "cpu_ms_per_s": slopes["cpu_s"],
        "wall_ms_per_s": slopes["wall_s"],
    }


def run_daemon(bundle: Path, file: Path) -> Run:
    """Play one file through a daemon.

    Raises
    ------
    TrainerError : it ended badly, or said too little
    """
    command = [
        sys.executable,
        "-m",
        "edge.cli",
        "run",
        str(file),
        "--bundle",
        str(bundle),
        "--fast",
        "--stdout",
        "--gate",
        "off",
    ]
    halfway = soundfile.info(file).duration / 2
    first_s, memory = None, None
    with timed_process(command) as (process, started, usage):
        for n_lines, _ in enumerate(process.stdout or (), start=1):
            if first_s is None:
                first_s = time.perf_counter() - started
            if n_lines >= halfway and memory is None:
                memory = resident_mb(process.pid)
    if process.returncode != 0 or first_s is None or memory is None:
        raise TrainerError(f"edge run {file.name}: verdicts to the end wanted. Got exit code {process.returncode}.")
    return Run(first_s, usage["wall_s"], usage["cpu_s"], *memory)


@contextmanager
def timed_process(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], float, dict[str, float]]]:
    """A process, when it was started, and, at the end, the times that it took."""
    usage: dict[str, float] = {}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, started, usage
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        usage["wall_s"] = time.perf_counter() - started
        usage["cpu_s"] = spent.ru_utime + spent.ru_stime
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def resident_mb(pid: int) -> tuple[float, float]:
    """Memory of a process, now and at most until now, MB (1e6 bytes).

    From /proc, not from getrusage: that peak begins with the parent's, which was there until the exec.
    """
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    values = dict(line.split(":", maxsplit=1) for line in lines)
    now, peak = (int(values[key].split()[0]) * KB for key in ("VmRSS", "VmHWM"))
    return now, peak
