"""What must be the same on both architectures: golden windows, tests, and what the daemon says of a file."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import soundfile

from deploy.arm64.guest import Guest
from deploy.arm64.tools import ToolError, outcome, output
from deploy.arm64.verdicts import compare_verdicts
from edge.demo.synth import SOUNDS, imitate

__all__ = ["check_file", "check_golden", "check_tests", "read_junit"]

TESTS = ("tests/edge",)
LEFT_OUT = (
    "tests/edge/demo",  # the demo is for a desk
    "tests/edge/daemon/test_powercut.py",  # it reads system calls, and strace sees the emulator's
    "tests/edge/test_cli.py::TestWithTheReferenceBundle::test_ten_minutes_are_595_hops_or_so",  # takes too long here
)
FITTING = ("tests/edge/stages/test_denoise.py", "tests/edge/test_framing.py")
"""Tests that ask for the tiny bundles"""
PASSAGE_S = 7
RATE_HZ = 16000
SEED = 1


def check_golden(guest: Guest, bundle: Path) -> dict[str, Any]:
    """`edge check` on both: the largest deviation of each value, which it compares with the tolerance itself."""
    command = ["-m", "edge.cli", "check", "--bundle", str(bundle), "--json"]
    here = json.loads(output([sys.executable, *command]))
    there = json.loads(guest.python(*command))
    return {
        "bundle": there["id"],
        "n_windows": there["n_windows"],
        "deviation": there["deviation"],
        "deviation_here": here["deviation"],
        "tolerance": there["tolerance"],
        "holds": True,
    }


def check_tests(guest: Guest, cache: Path) -> dict[str, Any]:
    """The edge's tests on arm64, with tiny bundles that the trainer fits here first: it has no place on a device."""
    tiny = cache / "tiny"
    if tiny.exists():
        shutil.rmtree(tiny)
    options = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    # CI makes Hypothesis draw the same examples every time, without deadlines for one.
    env = {**os.environ, "TYMPAN_TINY": str(tiny), "CI": "1"}
    output([sys.executable, *options, *FITTING], env=env)
    report = cache / "tests.xml"
    report.unlink(missing_ok=True)
    left_out = [f"--deselect={name}" for name in LEFT_OUT]
    done = outcome([str(guest.launcher), *options, f"--junit-xml={report}", *TESTS, *left_out], env=env)
    if not report.is_file():
        raise ToolError(f"pytest: a report wanted. Got exit code {done.returncode} instead: {done.stderr[-300:]}")
    return read_junit(report.read_text(encoding="utf-8")) | {"left_out": list(LEFT_OUT), "holds": done.returncode == 0}


def read_junit(report: str) -> dict[str, Any]:
    """Numbers of tests by outcome and the names of those that failed, from pytest's report.

    Raises
    ------
    ToolError : it is another file
    """
    suite = ET.fromstring(report).find("testsuite")  # noqa: S314 - pytest wrote it a moment ago
    if suite is None:
        raise ToolError(f"pytest: a report with a testsuite wanted. Got {report[:80]!r} instead.")
    total, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
    failed = [
        f"{case.attrib['classname']}::{case.attrib['name']}"
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return {
        "n_passed": total - skipped - len(failed),
        "n_failed": len(failed),
        "n_skipped": skipped,
        "failed": failed,
    }


def check_file(guest: Guest, bundle: Path, cache: Path) -> dict[str, Any]:
    """The demo's sounds through the daemon on both, and the verdicts side by side."""
    sound = cache / "sounds.wav"
    passages = [imitate(label, n=PASSAGE_S * RATE_HZ, rate_hz=RATE_HZ, seed=SEED) for label in SOUNDS]
    soundfile.write(sound, np.concatenate(passages), RATE_HZ, subtype="PCM_16")
    command = ["-m", "edge.cli", "run", str(sound), "--bundle", str(bundle), "--fast", "--stdout", "--gate", "off"]
    here, there = verdicts(output([sys.executable, *command])), verdicts(guest.python(*command))
    tolerance = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["tolerance"]
    found = compare_verdicts(here, there, tolerance)
    return asdict(found) | {"holds": found.holds}


def verdicts(lines: str) -> list[dict[str, Any]]:
    """What the daemon wrote, one object a line."""
    return [json.loads(line) for line in lines.splitlines()]
