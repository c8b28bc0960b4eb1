"""Pictures and figures of a fit, from windows that the judging head was not fitted on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edge.stages.suspicion import INDICATORS, ConformalSuspicion
from trainer.fit.denoiser import TrainedDenoiser
from trainer.fit.outoffold import OutOfFold

__all__ = ["draw_fit", "fit_metrics"]


def fit_metrics(trained: TrainedDenoiser | None, scored: OutOfFold, classes: NDArray[np.intp]) -> dict[str, Any]:
    """Numbers of a fit; the accuracy is out of fold over clean windows, not a held-out figure."""
    return {
        "n_windows": len(classes),
        "out_of_fold_window_accuracy": scored.accuracy(classes),
        "denoiser_epochs": 0 if trained is None else len(trained.losses),
        "denoiser_error": None if trained is None else [trained.errors[0], min(trained.errors)],
        "indicator_medians_clean": dict(zip(INDICATORS, np.median(scored.clean, axis=0).tolist(), strict=True)),
        "indicator_medians_noisy": dict(zip(INDICATORS, np.median(scored.noisy, axis=0).tolist(), strict=True)),
    }


def draw_fit(folder: Path, trained: TrainedDenoiser | None, scored: OutOfFold, suspicion: ConformalSuspicion) -> None:
    """`denoiser.png`: errors over epochs; `suspicion.png`: scores of clean windows and noisy twins."""
    if trained is not None:
        loss = Figure(figsize=(5, 3), layout="constrained")
        axes = loss.subplots()
        epochs = np.arange(1, len(trained.losses) + 1)
        axes.plot(epochs, trained.losses, label="learnt")
        axes.plot(epochs, trained.errors, label="watched")
        axes.set(xlabel="epoch", ylabel="mean squared error", yscale="log", title="Autoencoder")
        axes.legend()
        loss.savefig(folder / "denoiser.png", dpi=120)
    spread = Figure(figsize=(5, 3), layout="constrained")
    axes = spread.subplots()
    bins = np.linspace(0, 1, 41)
    for name, rows in (("clean", scored.clean), ("noisy twins", scored.noisy)):
        axes.hist([suspicion.score(row) for row in rows], bins=bins.tolist(), alpha=0.6, label=name)
    axes.set(xlabel="suspicion", ylabel="windows", title="Suspicion out of fold")
    axes.legend()
    spread.savefig(folder / "suspicion.png", dpi=120)
