"""Accuracy against cost, clean and under noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from trainer.compare.results import NOISY
from trainer.compare.systems import FULL
from trainer.compare.task import CLEAN
from trainer.figures import BLUE, GRID, INK, RED, STYLE, png

__all__ = ["comparison_picture"]

OTHER = "#6b7a86"
COLOURS = {"cnn": RED, "svm": OTHER, "forest": OTHER}
"""By the first word of a name; the pipeline and its variants are blue"""
MARKERS = {"cnn": "s", "svm": "^", "forest": "v"}
LABEL_GAP = 0.035
"""Least distance of two labels beside each other, in units of accuracy"""
NEIGHBOUR = 4.0
"""Systems whose costs differ by less than this factor have their labels beside each other"""


def comparison_picture(figures: dict[str, Any]) -> bytes:
    """Two panels: clean, white noise at 10 dB; a point a system with its exact 95 % interval."""
    systems = figures["systems"]
    costs = [row["ms_per_s"] for row in systems.values()]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11.0, 6.2), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, condition in zip(panels, (CLEAN, NOISY), strict=True):
            for name, row in systems.items():
                draw_system(axes, name, row["ms_per_s"], row["conditions"][condition])
            heights = {name: row["conditions"][condition]["accuracy"] for name, row in systems.items()}
            draw_labels(axes, [(systems[name]["ms_per_s"], height, name) for name, height in heights.items()])
            axes.set_xscale("log")
            axes.set_xlim(min(costs) / 1.6, max(costs) * 7)
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
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


def draw_labels(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Names to the right of the points (cost, accuracy, name), moved apart up and down, with lines to the points."""
    group: list[tuple[float, float, str]] = []
    for point in [*sorted(points), None]:
        if point is not None and (not group or point[0] < NEIGHBOUR * group[0][0]):
            group.append(point)
            continue
        right = max(cost for cost, _, _ in group) * 1.18
        for (cost, accuracy, name), height in zip(by_height(group), spread(group), strict=True):
            axes.annotate(
                name.replace("_", " "),
                (cost, accuracy),
                (right, height),
                fontsize=8,
                color=INK,
                weight="bold" if name == FULL else "normal",
                va="center",
                arrowprops={"arrowstyle": "-", "color": GRID, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 3},
            )
        group = [] if point is None else [point]


def by_height(group: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Lowest first."""
    return sorted(group, key=lambda point: point[1])


def spread(group: Sequence[tuple[float, float, str]]) -> list[float]:
    """Heights of the labels of `by_height`, near their points' and at least LABEL_GAP apart.

    Neighbours that are too near are one block, centred on the mean of its points, as in isotonic regression.
    """
    blocks: list[list[float]] = []
    for i, (_, accuracy, _) in enumerate(by_height(group)):
        blocks.append([accuracy - i * LABEL_GAP])
        while len(blocks) > 1 and mean(blocks[-2]) >= mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    flat = [mean(block) for block in blocks for _ in block]
    return [value + i * LABEL_GAP for i, value in enumerate(flat)]


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
