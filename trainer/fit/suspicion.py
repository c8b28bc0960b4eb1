"""The suspicion score, fitted on clean sound and its random-noise twins: no attack is needed."""

from __future__ import annotations

import numpy as np

from edge.stages.suspicion import ConformalSuspicion
from edge.types import F32

__all__ = ["fit_suspicion"]

N_QUANTILES = 101


def fit_suspicion(clean: F32, noisy: F32) -> ConformalSuspicion:
    """From out-of-fold indicators of clean windows (n, n_indicators) and of their noisy twins (m, n_indicators).

    Clean and noisy have equal weight in the reference, whatever their numbers; only the clean
    windows calibrate the p-value.
    """
    place = np.linspace(0.0, 1.0, N_QUANTILES)
    rows = []
    for column in range(clean.shape[1]):
        values = np.concatenate([clean[:, column], noisy[:, column]])
        weights = np.concatenate([np.full(len(clean), 0.5 / len(clean)), np.full(len(noisy), 0.5 / len(noisy))])
        order = np.argsort(values, kind="stable")
        rows.append(np.interp(place, np.cumsum(weights[order]), values[order]))
    quantiles = np.maximum.accumulate(np.array(rows), axis=1).astype(np.float32)
    empty = ConformalSuspicion(quantiles=quantiles, calibration=np.empty(0, dtype=np.float32))
    scores = np.sort(np.array([empty.score(row) for row in clean], dtype=np.float32))
    return ConformalSuspicion(quantiles=quantiles, calibration=scores)
