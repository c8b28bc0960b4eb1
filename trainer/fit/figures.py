"""Pictures and figures of a fit, from windows that the judging head was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edge.stages.suspicion import INDICATORS, ConformalSuspicion
from trainer.fit.outoffold import OutOfFold

__all__ = ["draw_fit", "fit_metrics"]


def fit_metrics(losses: Sequence[float], scored: OutOfFold, classes: NDArray[np.intp]) -> dict[str, Any]:
    """Numbers of a fit; the accuracy is out of fold over clean windows, not a held-out figure."""
    return {
        "n_windows": len(classes),
        "out_of_fold_window_accuracy": scored.accuracy(classes),
        "denoiser_epochs": len(losses),
        "denoiser_loss": [losses[0], losses[-1]] if losses else None,
        "indicator_medians_clean": dict(zip(INDICATORS, np.median(scored.clean, axis=0).tolist(), strict=True)),
        "indicator_medians_noisy": dict(zip(INDICATORS, np.median(scored.noisy, axis=0).tolist(), strict=True)),
    }


def draw_fit(folder: Path, losses: Sequence[float], scored: OutOfFold, suspicion: ConformalSuspicion) -> None:
    """`denoiser.png`: loss over epochs; `suspicion.png`: scores of clean windows and noisy twins."""
    if losses:
        loss = Figure(figsize=(5, 3), layout="constrained")
        axes = loss.subplots()
        axes.plot(np.arange(1, len(losses) + 1), losses)
        axes.set(xlabel="epoch", ylabel="mean squared error", yscale="log", title="Autoencoder, training loss")
        loss.savefig(folder / "denoiser.png", dpi=120)
    spread = Figure(figsize=(5, 3), layout="constrained")
    axes = spread.subplots()
    bins = np.linspace(0, 1, 41)
    for name, rows in (("clean", scored.clean), ("noisy twins", scored.noisy)):
        axes.hist([suspicion.score(row) for row in rows], bins=bins.tolist(), alpha=0.6, label=name)
    axes.set(xlabel="suspicion", ylabel="windows", title="Suspicion out of fold")
    axes.legend()
    spread.savefig(folder / "suspicion.png", dpi=120)
