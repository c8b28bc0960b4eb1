"""Accuracy against cost, clean and under noise."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from trainer.compare.results import NOISY
from trainer.compare.systems import FULL
from trainer.compare.task import CLEAN
from trainer.figures import BLUE, GRID, RED, STYLE, png

__all__ = ["comparison_picture"]

OTHER = "#5d6f7d"
LEADER = "#b9c4cc"
COLOURS = {"cnn": RED, "svm": OTHER, "forest": OTHER}
"""By the first word of a name; the pipeline and its variants are blue"""
MARKERS = {"cnn": "s", "svm": "^", "forest": "v"}
TICKS_MS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)

Point = tuple[float, float, str]
"""Cost, accuracy, name"""


def comparison_picture(figures: dict[str, Any]) -> bytes:
    """Two panels: clean, white noise at 10 dB; a point a system with its exact 95 % interval."""
    systems = figures["systems"]
    costs = [row["ms_per_s"] for row in systems.values()]
    ends = [row["conditions"][condition]["ci95"] for row in systems.values() for condition in (CLEAN, NOISY)]
    bottom, top = min(low for low, _ in ends) - 0.03, max(high for _, high in ends) + 0.02
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11.5, 6.2), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, condition in zip(panels, (CLEAN, NOISY), strict=True):
            axes.set_xscale("log")
            axes.set(xlim=(min(costs) / 1.4, max(costs) * 1.4), ylim=(bottom, top))
            for name, row in systems.items():
                draw_system(axes, name, row["ms_per_s"], row["conditions"][condition])
            heights = {name: row["conditions"][condition]["accuracy"] for name, row in systems.items()}
            draw_labels(axes, [(systems[name]["ms_per_s"], height, name) for name, height in heights.items()])
            axes.set_xticks([tick for tick in TICKS_MS if min(costs) / 1.4 < tick < max(costs) * 1.4])
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
            axes.set_title(condition, loc="left", fontsize=10)
            axes.set_xlabel("ms of one core for a second of audio")
            axes.grid(color=GRID, linewidth=0.6)
            axes.set_axisbelow(True)
        panels[0].set_ylabel("clips right")
        return png(figure)


def draw_system(axes: Axes, name: str, cost_ms: float, row: dict[str, Any]) -> None:
    """Point and interval."""
    kind = name.split("_", maxsplit=1)[0]
    low, high = row["ci95"]
    axes.errorbar(
        [cost_ms],
        [row["accuracy"]],
        [[row["accuracy"] - low], [high - row["accuracy"]]],
        fmt=MARKERS.get(kind, "o"),
        color=COLOURS.get(kind, BLUE),
        markerfacecolor=COLOURS.get(kind, BLUE) if name == FULL or kind in COLOURS else "white",
        markersize=9 if name == FULL else 6,
        elinewidth=0.7,
        alpha=0.9,
    )


def draw_labels(axes: Axes, points: Sequence[Point]) -> None:
    """Names in a column beside the panel, each with a line to its point, in the order of accuracy."""
    # Of points of one height the dearest is nearest to the column: its line goes over none of the others.
    ordered = sorted(points, key=lambda point: (point[1], point[0]))
    bottom, top = axes.get_ylim()
    gap = (top - bottom) / max(len(points), 28)
    right = axes.get_xlim()[1]
    heights = spread([accuracy for _, accuracy, _ in ordered], gap, (bottom + gap / 2, top - gap / 2))
    for (cost, accuracy, name), height in zip(ordered, heights, strict=True):
        axes.annotate(
            name.replace("_", " "),
            (cost, accuracy),
            (right * 1.05, height),
            fontsize=8.5,
            color=COLOURS.get(name.split("_", maxsplit=1)[0], BLUE),
            weight="bold" if name == FULL else "normal",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": LEADER,
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 4,
                "relpos": (0, 0.5),
            },
        )


def spread(heights: Sequence[float], gap: float, ends: tuple[float, float]) -> list[float]:
    """Heights of labels near these rising ones, at least `gap` apart, between the ends if there is room.

    Neighbours that are too near are one block around the mean of its members, as in isotonic regression.
    """
    blocks: list[list[float]] = []
    for i, height in enumerate(heights):
        blocks.append([height - i * gap])
        while len(blocks) > 1 and fmean(blocks[-2]) >= fmean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    # Without the gaps the labels keep between the ends by themselves: the last one's gaps are still to come.
    low, high = ends[0], ends[1] - (len(heights) - 1) * gap
    flat = [min(max(fmean(block), low), max(high, low)) for block in blocks for _ in block]
    return [value + i * gap for i, value in enumerate(flat)]
