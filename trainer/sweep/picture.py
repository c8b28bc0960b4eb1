"""The sweep as one picture: inner criterion of every candidate, outer figures beside it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainer.figures import BLUE, GRID, INK, RED, SOFT, STYLE, png
from trainer.sweep.outer import CLEAN
from trainer.sweep.work import CONDITION

__all__ = ["sweep_picture"]


def sweep_picture(figures: dict[str, Any]) -> bytes:
    """Per cent of clips: left by candidate, right clean and noisy on the outer folds with 95 % intervals."""
    with mpl.rc_context(STYLE):
        n_rows = len(figures["chains"]["overall"]["rows"])
        figure = Figure(figsize=(10.8, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[max(4, n_rows), 2 * len(figures["outer"]) + 1])
        draw_inner(left, figures["chains"])
        draw_outer(right, figures["outer"])
        return png(figure)


def draw_inner(axes: Axes, chains: dict[str, Any]) -> None:
    """Small points are the choices of single outer folds, large ones that of all; filled is chosen."""
    for shift, (name, chain) in enumerate(chains.items()):
        overall = name == "overall"
        colour, size = (BLUE, 7) if overall else (SOFT, 4)
        for i, row in enumerate(chain["rows"]):
            if row["score"] is None:
                continue
            # The overall choice in the middle, the outer folds beside it.
            x = i if overall else i + 0.08 + 0.4 * shift / len(chains)
            y, error = 100 * row["score"]["criterion"], 100 * row["score"]["error"]
            if overall:
                axes.errorbar(x, y, error, color=BLUE, elinewidth=1, zorder=2)
            fill = colour if row["chosen"] else "white"
            mark = "s" if row["reference"] else "o"
            axes.plot(x, y, mark, color=colour, markerfacecolor=fill, markersize=size, zorder=3)
    rows = chains["overall"]["rows"]
    axes.set_xticks(range(len(rows)), [row["candidate"] for row in rows], rotation=45, ha="right")
    for tick, row in zip(axes.get_xticklabels(), rows, strict=True):
        tick.set_color(INK if row["score"] is not None else SOFT)
        tick.set_rotation_mode("anchor")
    for x in range(1, len(rows)):
        if rows[x]["stage"] != rows[x - 1]["stage"]:
            axes.axvline(x - 0.5, color=GRID, linewidth=1)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set(ylabel="per cent of clips", title="inner folds: criterion; filled: chosen, square: reference")


def draw_outer(axes: Axes, outer: dict[str, Any]) -> None:
    """Clean and noisy accuracy of each kind of outer bundle."""
    for i, scores in enumerate(outer.values()):
        for j, (condition, colour) in enumerate(((CLEAN, BLUE), (CONDITION.name, RED))):
            row = scores["total"][condition]
            y, (low, high) = 100 * row["accuracy"], (100 * bound for bound in row["ci95"])
            axes.errorbar(i + 0.3 * j, y, [[y - low], [high - y]], fmt="D", color=colour, markersize=6, elinewidth=1)
            if i == 0:
                axes.plot([], [], "D", color=colour, label=condition)
    # Room for the legend below the lowest interval.
    axes.set_ylim(bottom=axes.get_ylim()[0] - 2.5)
    axes.legend(loc="lower left", frameon=False)
    axes.set_xticks([i + 0.15 for i in range(len(outer))], list(outer), rotation=45, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.4, len(outer) - 0.3)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set(title="outer folds")
