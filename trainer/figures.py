"""Pictures for the reports, as PNG bytes; no window system, no global state."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edge.types import Trace
from trainer.stats import F64, proportion

__all__ = [
    "BLUE",
    "GRID",
    "INK",
    "RED",
    "SOFT",
    "STYLE",
    "confusion_picture",
    "histogram_picture",
    "png",
    "reliability_picture",
    "trace_picture",
]

INK = "#1d2b36"
GRID = "#dfe5e9"
BLUE = "#2f6690"
SOFT = "#9db9cc"
RED = "#b23a48"
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def png(figure: Figure) -> bytes:
    """The picture at twice the density of a plain screen; no date inside, so equal data gives equal bytes."""
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=150, metadata={"Software": None})
    return target.getvalue()


def confusion_picture(counts: NDArray[np.int64], labels: Sequence[str]) -> bytes:
    """(n_classes, n_classes) clips: row = true, column = said; colour is the share of the row."""
    with mpl.rc_context(STYLE):
        n = len(labels)
        side = max(3.2, 0.36 * n + 1.3)
        figure = Figure(figsize=(side + 0.4, side), layout="constrained")
        axes = figure.subplots()
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1.15)
        for i, j in np.argwhere(counts > 0):
            colour = "white" if share[i, j] > 0.6 else (INK if i == j else RED)
            weight = "normal" if i == j else "bold"
            axes.text(j, i, str(counts[i, j]), ha="center", va="center", color=colour, weight=weight, fontsize=9)
        names = [label.replace("_", " ") for label in labels]
        axes.set_xticks(range(n), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(n), names)
        axes.set(xlabel="said", ylabel="true")
        axes.tick_params(length=0)
        axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)
        axes.spines[:].set_visible(False)
        return png(figure)


def reliability_picture(confidence: F64, right: NDArray[np.bool_], *, n_bins: int = 10) -> bytes:
    """Accuracy against confidence (n_clips,) with exact 95 % intervals, and the number of clips in each bin below."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        which = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
        used = np.unique(which)
        bins = [proportion(int(right[which == i].sum()), int((which == i).sum())) for i in used]
        reach = np.array([[row.value - row.ci95[0], row.ci95[1] - row.value] for row in bins]).T
        upper.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")
        centres = [confidence[which == i].mean() for i in used]
        upper.errorbar(centres, [row.value for row in bins], reach, fmt="o", color=BLUE, ecolor=SOFT, markersize=4)
        upper.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.03))
        upper.grid(color=GRID, linewidth=0.6)
        lower.bar((np.arange(n_bins) + 0.5) / n_bins, np.bincount(which, minlength=n_bins), 0.9 / n_bins, color=SOFT)
        lower.set(xlabel="confidence", ylabel="clips")
        return png(figure)


def histogram_picture(p_values: F64, *, n_bins: int = 20) -> bytes:
    """Conformal p-values (n,) of clean clips; the dashed line is the uniform law they should follow."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.hist(p_values, bins=[i / n_bins for i in range(n_bins + 1)], color=BLUE, rwidth=0.88)
        axes.axhline(len(p_values) / n_bins, color=RED, linewidth=1, linestyle="--")
        axes.set(xlabel="suspicion p-value", ylabel="clips", xlim=(0, 1))
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        return png(figure)


def trace_picture(trace: Trace, *, window_s: float, centres_hz: NDArray[np.float32]) -> bytes:
    """One window through the path: wavelet power, enhanced, purified; levels in dB."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 2.3), layout="constrained")
        panels = figure.subplots(1, 3, sharey=True)
        floor = float(trace.enhanced.level_db.max())
        images = [
            ("scalogram", trace.scalogram.level_db, trace.scalogram.peak_db - 60, trace.scalogram.peak_db),
            ("enhanced", trace.enhanced.level_db, 0.0, floor),
            ("purified", trace.denoised.scalogram.level_db, 0.0, floor),
        ]
        marks = [f for f in (100, 300, 1000, 3000) if centres_hz[0] <= f <= centres_hz[-1]]
        rows = [int(np.argmin(np.abs(centres_hz - f))) for f in marks]
        for axes, (title, image, low, high) in zip(panels, images, strict=True):
            extent = (0, window_s, -0.5, len(image) - 0.5)
            shown = axes.imshow(image, origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high, extent=extent)
            axes.set_title(title, fontsize=9, loc="left")
            axes.set_xlabel("s")
            axes.set_yticks(rows, [f"{f / 1000:g} kHz" if f >= 1000 else f"{f} Hz" for f in marks])
            figure.colorbar(shown, ax=axes, pad=0.02, label="dB").outline.set_visible(False)
        return png(figure)
