"""The figures as a table for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["render"]


def render(figures: Mapping[str, Any]) -> str:
    """One block a step, in the order in which they ran."""
    lines = [f"arm64: {figures['cpu']}, {figures['qemu']}"]
    for name, step in figures["steps"].items():
        lines += ["", f"{name}: {'ok' if step['holds'] else 'FAILED'}"]
        lines += [f"  {line}" for line in (step["error"].splitlines() if "error" in step else RENDER[name](step))]
    return "\n".join(lines)


def golden(step: Mapping[str, Any]) -> Iterator[str]:
    """Deviations from the machine that made the bundle."""
    yield f"{step['n_windows']} windows of bundle {step['bundle'][:12]}"
    yield f"{'largest deviation':<20} {'arm64':>9} {'here':>9} {'tolerance':>9}"
    for name, deviation in step["deviation"].items():
        yield f"{name:<20} {deviation:>9.2e} {step['deviation_here'][name]:>9.2e} {step['tolerance'][name]:>9g}"


def tests(step: Mapping[str, Any]) -> Iterator[str]:
    """How many, and which did not pass."""
    yield f"{step['n_passed']} passed, {step['n_failed']} failed, {step['n_skipped']} skipped"
    yield from (f"failed: {name}" for name in step["failed"])
    yield f"left out: {', '.join(step['left_out'])}"


def file(step: Mapping[str, Any]) -> Iterator[str]:
    """Verdicts against those of this machine."""
    yield f"{step['n_verdicts']} verdicts, {step['n_labelled']} with a label, {len(step['different'])} unlike"
    yield from step["different"]
    for name, deviation in step["deviation"].items():
        yield f"{name:<20} {deviation:>9.2e} (tolerance {step['tolerance'][name]:g})"


def instructions(step: Mapping[str, Any]) -> Iterator[str]:
    """Millions a second of sound."""
    yield f"{'millions a second':<24} {'arm64':>8}"
    for name, per_s in step["per_s"].items():
        yield f"{name:<24} {per_s / 1e6:>8.2f}"
    for name, ratio in step["ratio"].items():
        yield f"{name} against {step['against']}: {ratio:.2f}"


RENDER: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "golden": golden,
    "tests": tests,
    "file": file,
    "instructions": instructions,
}
