"""Cost of every system, stages of a window, sources."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainer.bench.targets import FULL
from trainer.figures import BLUE, GRID, INK, RED, SOFT, STYLE, png

__all__ = ["bench_picture"]

OTHER = "#5d6f7d"


def bench_picture(figures: dict[str, Any]) -> bytes:
    """Four panels: time, instructions, stages, sources."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11.5, 7.2), layout="constrained")
        panels = figure.subplots(2, 2, width_ratios=(3, 2), height_ratios=(3, 2))
        draw_times(panels[0, 0], figures)
        draw_instructions(panels[0, 1], figures)
        draw_stages(panels[1, 0], figures)
        draw_sources(panels[1, 1], figures)
        for axes in panels.flat:
            axes.set_axisbelow(True)
        return png(figure)


def draw_times(axes: Axes, figures: dict[str, Any]) -> None:
    """Medians as bars, minima as ticks."""
    rows = figures["variants"]
    draw_bars(axes, figures, {name: row["median"] for name, row in rows.items()}, "{:.2f}")
    for i, row in enumerate(rows.values()):
        axes.plot([row["min"]] * 2, [i - 0.36, i + 0.36], color=INK, linewidth=1.2)
    axes.set_title("ms of one core for a second of sound: median (bar), minimum (line)", loc="left", fontsize=10)


def draw_instructions(axes: Axes, figures: dict[str, Any]) -> None:
    """Millions, or why there are none."""
    counted = figures["instructions"]["per_s"]
    if counted:
        draw_bars(axes, figures, {name: value / 1e6 for name, value in counted.items()}, "{:.1f}")
    else:
        axes.set_axis_off()
        axes.text(0.0, 0.5, figures["instructions"]["skipped"], wrap=True, va="center", transform=axes.transAxes)
    axes.set_title("million instructions for a second of sound", loc="left", fontsize=10)


def draw_stages(axes: Axes, figures: dict[str, Any]) -> None:
    """A bar a stage, in the order of the path."""
    stages = {name: row["median"] for name, row in figures["stages_ms"].items()}
    bars = axes.barh(list(stages), list(stages.values()), color=BLUE, height=0.7)
    axes.bar_label(bars, fmt="{:.2f}", padding=3, fontsize=8)
    finish(axes, max(stages.values()))
    axes.set_title("ms a window computed anew, by stage", loc="left", fontsize=10)


def draw_sources(axes: Axes, figures: dict[str, Any]) -> None:
    """Measured points, and the line through the first and nothing."""
    points = {int(n): row["median"] for n, row in figures["sources"]["ms_per_s"].items()}
    numbers, costs = list(points), list(points.values())
    axes.plot([0, numbers[-1]], [0, costs[0] * numbers[-1] / numbers[0]], color=SOFT, linewidth=1)
    axes.plot(numbers, costs, "o", color=BLUE)
    axes.set(xlim=(0, numbers[-1] * 1.08), ylim=(0, None), xlabel="sources", xticks=numbers)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_title("ms for a second of n sources; line: n times one", loc="left", fontsize=10)


def draw_bars(axes: Axes, figures: dict[str, Any], values: dict[str, float], form: str) -> None:
    """A bar a variant: ours blue, the full pipeline strongest, YAMNet red."""
    rows = figures["variants"]
    bars = axes.barh(
        list(values), list(values.values()), color=[colour(name, rows[name], figures) for name in values], height=0.7
    )
    axes.bar_label(bars, fmt=form, padding=3, fontsize=8)
    finish(axes, max(values.values()))


def colour(name: str, row: dict[str, Any], figures: dict[str, Any]) -> str:
    """By whose it is."""
    if name == FULL:
        return BLUE
    if row["system"] in figures["ways"]:
        return SOFT
    return RED if row["system"].startswith("yamnet") else OTHER


def finish(axes: Axes, longest: float) -> None:
    """Top to bottom, with room for the labels."""
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * longest)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.tick_params(axis="y", length=0)
