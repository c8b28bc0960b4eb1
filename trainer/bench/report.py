"""The figures as a table for the README, a text for the terminal, and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.bench.picture import bench_picture
from trainer.bench.streams import BACKGROUND
from trainer.bench.targets import FULL, YAMNET
from trainer.files import write_whole

__all__ = ["bench_text", "markdown", "write_bench"]

SYSTEMS = {
    "yamnet_f32": "YAMNet's architecture, float32",
    "yamnet_int8": "YAMNet's architecture, int8",
    "mobilenet_v2": "log-mel MobileNet v2, float32",
    "log_mel": "log-mel front end of these alone",
}


def write_bench(figures: dict[str, Any], folder: Path) -> list[Path]:
    """`bench.json`, `bench.png` and `bench.md` in the folder; each complete or not there."""
    contents: dict[str, str | bytes] = {
        "bench.json": json.dumps(figures, indent=2) + "\n",
        "bench.png": bench_picture(figures),
        "bench.md": markdown(figures) + "\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)
    return [folder / name for name in contents]


def bench_text(figures: dict[str, Any]) -> str:
    """For a terminal: the tables, and a sentence if it became slower."""
    return "\n\n".join(part for part in (markdown(figures), figures["slow_down"]) if part)


def markdown(figures: dict[str, Any]) -> str:
    """The tables as the README wants them."""
    return "\n\n".join([systems(figures), targets(figures), details(figures), boards(figures)])


def systems(figures: dict[str, Any]) -> str:
    """Milliseconds and instructions, a system a row."""
    counted = figures["instructions"]["per_s"]
    yamnet_ms = figures["variants"][YAMNET]["median"]
    rows = []
    for name, row in figures["variants"].items():
        what = what_of(figures, row["system"], row["stream"])
        million = f"{counted[name] / 1e6:.1f}" if name in counted else "–"
        cells = [what, f"{row['hop_s']:g} s", f"{row['median']:.2f}", f"{row['min']:.2f}", million]
        rows.append([*(f"**{cell}**" if name == FULL else cell for cell in cells), f"{row['median'] / yamnet_ms:.2f}"])
    head = ["a second of sound, one core", "hop", "ms, median", "ms, minimum", "M instructions", "of YAMNet float32"]
    return table(head, rows)


def what_of(figures: dict[str, Any], system: str, stream: str) -> str:
    """A system for a reader."""
    if system not in figures["ways"]:
        return SYSTEMS[system] + size(figures["models"].get(system))
    where = ", 70 % background" if stream == BACKGROUND else ""
    return f"this pipeline, {system}{where}"


def size(model: dict[str, Any] | None) -> str:
    """`, 3.75 M parameters`."""
    return "" if model is None else f", {model['n_parameters'] / 1e6:.2f} M parameters"


def targets(figures: dict[str, Any]) -> str:
    """Wanted, got, met or missed."""
    verdict = {True: "met", False: "missed", None: "not measured"}
    rows = [[row["what"], row["wanted"], row["got"] or "–", verdict[row["met"]]] for row in figures["targets"]]
    return table(["figure", "target", "got", ""], rows)


def details(figures: dict[str, Any]) -> str:
    """Stages, daemon, batches, sources, machine."""
    daemon, sources = figures["daemon"], figures["sources"]
    stages = sorted(figures["stages_ms"].items(), key=lambda item: -item[1]["median"])
    short, long = daemon["lengths_s"]
    rows = [
        ["stages of a window, ms", ", ".join(f"{name} {row['median']:.2f}" for name, row in stages)],
        [
            "daemon: start to first verdict; memory",
            f"{daemon['first_verdict_s']['median']:.2f} s; {daemon['rss_mb']:.0f} MB (peak {daemon['peak_mb']:.0f})",
        ],
        [
            f"daemon: slope from {short} to {long} s of sound",
            f"{daemon['cpu_ms_per_s']:.2f} ms of processor a second, {daemon['wall_ms_per_s']:.2f} ms by the clock",
        ],
        *(
            [f"batch, {name}: first window; first 16", f"{row['1']['median']:.2f}; {row['16']['median']:.2f} ms"]
            for name, row in figures["batches"].items()
        ),
        [
            f"sources: {', '.join(sources['ms_per_s'])}",
            ", ".join(f"{row['median']:.2f}" for row in sources["ms_per_s"].values()) + " ms a second",
        ],
    ]
    machine = figures["machine"]
    loads = f"{machine['load_before']:.1f} before, {machine['load_after']:.1f} after"
    rows.append([f"machine, {figures['n_rounds']} rounds", f"{machine['cpu']}; load {loads}"])
    if figures["instructions"]["skipped"]:
        rows.append(["instructions", figures["instructions"]["skipped"]])
    return table(["detail", "figure"], rows)


def boards(figures: dict[str, Any]) -> str:
    """Estimates, named so."""
    rows = []
    for row in figures["boards"]["boards"]:
        low, high = row["ours_ms_per_s"]
        ours = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
        rows.append([f"{row['board']} ({row['core']})", f"{row['yamnet_ms_per_s']:.0f}", ours])
    return table(["**estimate**, ms a second of sound", "YAMNet's network, float32", "this pipeline"], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """GitHub's form."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
