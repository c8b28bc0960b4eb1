"""From what was said to figures: accuracy with intervals, paired tests, and the gates of the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.compare.systems import FULL, SYSTEMS
from trainer.compare.task import CLEAN, FoldResult
from trainer.evaluate import accuracy
from trainer.stats import mcnemar, mean_over_clips

__all__ = ["NOISY", "figures_of"]

NOISY = "white noise at 10 dB"
CNN, CNN_NOISE = "cnn_logmel", "cnn_logmel_noise"
CNN_CLEAN_MIN = 0.88
"""A log-mel CNN below is no opponent (published: 0.91 to 0.93)"""
AHEAD_POINTS = 15.0
P_BEHIND = 0.05
SEED = 0

Results = Mapping[str, Sequence[FoldResult]]
"""Every system's folds, in one order"""


def figures_of(results: Results, conditions: Sequence[str], cost_ms: Mapping[str, float]) -> dict[str, Any]:
    """Per system a row of the table, and the gates."""
    right = {name: rights(folds, conditions) for name, folds in results.items()}
    systems = {}
    for name, folds in results.items():
        systems[name] = {
            "what": SYSTEMS[name].what,
            "conditions": {
                condition: accuracy(int(values.sum()), len(values)) for condition, values in right[name].items()
            },
            "per_fold": {str(fold.fold): clean_accuracy(fold) for fold in folds},
            "against_full": None if FULL not in right or name == FULL else paired(right[FULL], right[name]),
            "n_parameters": round(float(np.mean([fold.n_parameters for fold in folds]))),
            "bytes": round(float(np.mean([fold.n_bytes for fold in folds]))),
            "ms_per_s": cost_ms[name],
            "fit_s": float(np.mean([fold.fit_s for fold in folds])),
            "robust": None,
        }
    return {"systems": systems, "gates": gates(right)}


def rights(folds: Sequence[FoldResult], conditions: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """By condition, which clips are right (n_clips,), all folds."""
    told = [row for fold in folds for row in fold.told]
    return {name: np.array([row.said[name] == row.label for row in told]) for name in conditions}


def clean_accuracy(fold: FoldResult) -> dict[str, Any]:
    """Of one fold."""
    values = rights([fold], [CLEAN])[CLEAN]
    return accuracy(int(values.sum()), len(values))


def paired(full: Mapping[str, NDArray[np.bool_]], other: Mapping[str, NDArray[np.bool_]]) -> dict[str, Any]:
    """By condition, the full pipeline's lead in points, with its interval over clips, and McNemar's test (a = full)."""
    return {
        name: {
            "points": mean_over_clips(100.0 * (full[name].astype(float) - other[name]), seed=SEED),
            "mcnemar": mcnemar(full[name], other[name]),
        }
        for name in full
    }


def gates(right: Mapping[str, Mapping[str, NDArray[np.bool_]]]) -> list[dict[str, Any]]:
    """What the comparison promises, each with `passed`: None where a system it needs was not compared."""
    lead = {name: paired(right[FULL], right[name]) for name in (CNN, CNN_NOISE) if FULL in right and name in right}
    clean = float(right[CNN][CLEAN].mean()) if CNN in right else None
    rows = [
        {
            "name": f"valid: log-mel CNN right on at least {CNN_CLEAN_MIN:.0%} of clean clips",
            "passed": None if clean is None else clean >= CNN_CLEAN_MIN,
            "got": "–" if clean is None else f"{clean:.1%}",
        }
    ]
    if CNN in lead:
        on_clean, noisy = lead[CNN][CLEAN], lead[CNN][NOISY]
        behind = on_clean["points"]["value"] < 0 and on_clean["mcnemar"]["p"] < P_BEHIND
        ahead = noisy["points"]["value"] >= AHEAD_POINTS
    rows.append(
        {
            "name": f"clean: full pipeline not behind the log-mel CNN (paired, p < {P_BEHIND:g})",
            "passed": not behind if CNN in lead else None,
            "got": lead_text(on_clean) if CNN in lead else "–",
        }
    )
    rows.append(
        {
            "name": f"{NOISY}: full pipeline at least {AHEAD_POINTS:g} points ahead of the CNN without noise mixing",
            "passed": ahead if CNN in lead else None,
            "got": lead_text(noisy) if CNN in lead else "–",
        }
    )
    if CNN_NOISE in lead:
        text = lead_text(lead[CNN_NOISE][NOISY])
        rows.append({"name": f"{NOISY}: lead on the CNN with noise mixing", "passed": None, "got": text})
    return rows


def lead_text(row: Mapping[str, Any]) -> str:
    """`+1.9 points (-1.2 to 5.0), p = 0.31`."""
    low, high = row["points"]["ci95"]
    return f"{row['points']['value']:+.1f} points ({low:+.1f} to {high:+.1f}), p = {row['mcnemar']['p']:.2g}"
