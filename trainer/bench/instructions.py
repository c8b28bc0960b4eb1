"""Instructions a second of sound, counted by valgrind: a figure that no neighbour on the machine disturbs."""

from __future__ import annotations

import logging
import math
import os
import re
import shutil
import subprocess
import sys
from typing import Any

from trainer.bench.streams import BUSY, PERIOD_S
from trainer.bench.summary import slope
from trainer.bench.variants import VARIANTS, Prepared, Variant
from trainer.errors import TrainerError

__all__ = ["collected", "count_instructions", "hops_of"]

log = logging.getLogger(__name__)

COLLECTED = re.compile(r"^==\d+== Collected : (\d+)", re.MULTILINE)
HOPS = 10
"""Between the shorter and the longer run; of a stream that is not alike all the time, one whole period"""
HOW = (
    "valgrind --tool=callgrind over one small process of two lengths, and the slope between them: start, imports and "
    "the first window cancel. valgrind offers no AVX-512, so that libraries take their AVX2 paths."
)


def count_instructions(prepared: Prepared, window_s: float) -> dict[str, Any]:
    """Instructions a second of sound by variant, or why there are none."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return {"skipped": "valgrind wanted to count instructions. Got no such program instead.", "per_s": {}}
    per_s = {}
    for variant in VARIANTS:
        if variant.counted:
            short, long = hops_of(variant, window_s)
            log.info("instructions: %s, %d and %d hops", variant.name, short, long)
            counted = [
                (hops * variant.hop_s, float(count(valgrind, prepared, variant, hops))) for hops in (short, long)
            ]
            per_s[variant.name] = slope(*counted)
    return {"how": HOW, "skipped": None, "per_s": per_s}


def hops_of(variant: Variant, window_s: float) -> tuple[int, int]:
    """Lengths of the two runs: the shorter one is beyond the first window."""
    short = math.ceil(window_s / variant.hop_s) + 5
    return short, short + (HOPS if variant.stream == BUSY else round(PERIOD_S / variant.hop_s))


def count(valgrind: str, prepared: Prepared, variant: Variant, hops: int) -> int:
    """Instructions of one run.

    Raises
    ------
    TrainerError : the run failed
    """
    child = ["-m", "trainer.bench.child", str(prepared.bundle), str(prepared.folder), variant.name, str(hops)]
    done = subprocess.run(  # noqa: S603 - our own module
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, *child],
        env=os.environ | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:]
        raise TrainerError(f"instructions: a run of {variant.name} wanted. Got exit code {done.returncode}: {last}.")
    return collected(done.stderr)


def collected(report: str) -> int:
    """The total in callgrind's report.

    Raises
    ------
    TrainerError : there is none
    """
    found = COLLECTED.search(report)
    if found is None:
        raise TrainerError(f"instructions: callgrind's total wanted. Got {report[-200:]!r} instead.")
    return int(found.group(1))
