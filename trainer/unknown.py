"""Sounds of no class: whole classes left out of the fit, the autoencoder's too, and asked about afterwards.

Each group of classes is left out with one test fold in rotation; the bundle is exported and read back. AUROC is
taken within each bundle, as on a device, and averaged over bundles; intervals resample clips of each side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from edge.bundle import Bundle
from edge.clip import ClipVerdict, judge_samples
from edge.framing import windows_of
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable, read_clip
from trainer.errors import DatasetError
from trainer.evaluate import accuracy, check_held_out
from trainer.groups import class_groups
from trainer.lofo import fit_key, fold_bundle
from trainer.stats import roc_auc

__all__ = ["SCORES", "measure_unknown", "unknown_summary"]

SCORES = ("novelty", "negative_confidence", "codebook_distance")
"""The bundle's own, and two that it has to beat"""
COVERAGE = 0.95
SEED = 0
N_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """One held-out clip that passed the gate."""

    group: str
    truth: str | None
    """None: of a class that was left out"""
    verdict: ClipVerdict
    scores: tuple[float, ...]
    """In the order of SCORES"""


def measure_unknown(
    dataset: Dataset, config: TrainerConfig, out: Path | None, *, all_folds: bool, command: str
) -> dict[str, Any]:
    """Fit, export and ask a bundle for every group; finished ones in `out` are used again."""
    groups = class_groups(len(dataset.labels))
    if not groups or len(dataset.folds) < 2:
        got = f"{len(dataset.labels)} and {len(dataset.folds)}"
        raise DatasetError(f"{dataset.root}: at least three classes and two folds wanted. Got {got} instead.")
    out = Path("runs") / f"unknown-{fit_key(dataset, config)[:12]}" if out is None else out
    asked: list[Asked] = []
    for i, group in enumerate(groups):
        left = {dataset.labels[k] for k in group}
        known = replace(
            dataset,
            labels=tuple(label for label in dataset.labels if label not in left),
            clips=tuple(clip for clip in dataset.clips if clip.label not in left),
        )
        for fold in dataset.folds if all_folds else [dataset.folds[i % len(dataset.folds)]]:
            training = known.only_folds(set(known.folds) - {fold})
            check_trainable(training)
            bundle = fold_bundle(training, config, out / f"{'-'.join(sorted(left))}-fold-{fold}")
            asked.extend(_ask(bundle, dataset.only_folds([fold]), ", ".join(sorted(left))))
    return _figures(asked) | {"protocol": "unknown", "seed": config.seed, "command": command}


def _ask(bundle: Bundle, held_out: Dataset, group: str) -> list[Asked]:
    check_held_out(bundle, held_out.clips, allow=False)
    found = []
    for clip in tqdm(held_out.clips, desc=f"ask without {group}", unit="clip", disable=None):
        samples = read_clip(clip, rate_hz=bundle.rate_hz)
        verdict = judge_samples(bundle, samples)
        if verdict.best is None or verdict.novelty is None:
            continue
        frames = windows_of(samples, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s)
        judged = [w for w, v in zip(frames, verdict.windows, strict=True) if v.best is not None]
        distance = fmean(bundle.pipeline.trace(window).encoding.distance for window in judged)
        truth = clip.label if clip.label in bundle.labels else None
        scores = (verdict.novelty, -verdict.scores[verdict.best], distance)
        found.append(Asked(group, truth, verdict, scores))
    return found


def _figures(asked: list[Asked]) -> dict[str, Any]:
    known = sorted((a for a in asked if a.truth is not None), key=lambda a: a.verdict.novelty or 0)
    strange = [a for a in asked if a.truth is None]
    said = [a for a in known if a.verdict.label is not None]
    kept = known[: round(COVERAGE * len(known))]
    return {
        "auroc": {name: _auroc(asked, i) for i, name in enumerate(SCORES)},
        "rejected": accuracy(sum(a.verdict.label is None for a in strange), len(strange)),
        "coverage": accuracy(len(said), len(known)),
        "known": {
            "full": accuracy(sum(a.verdict.best == a.truth for a in known), len(known)),
            "said": accuracy(sum(a.verdict.label == a.truth for a in said), len(said)),
            "at_95": accuracy(sum(a.verdict.best == a.truth for a in kept), len(kept)),
        },
    }


def _auroc(asked: list[Asked], i_score: int) -> dict[str, Any]:
    """Mean over the groups, its interval by resampling the clips of each side of each group."""
    rng = np.random.default_rng(SEED)
    per_group: dict[str, float] = {}
    draws = []
    for group in dict.fromkeys(a.group for a in asked):
        strange, known = (
            np.array([a.scores[i_score] for a in asked if a.group == group and (a.truth is None) is left])
            for left in (True, False)
        )
        per_group[group] = roc_auc(strange, known)
        draws.append(
            [roc_auc(rng.choice(strange, len(strange)), rng.choice(known, len(known))) for _ in range(N_DRAWS)]
        )
    low, high = np.percentile(np.mean(draws, axis=0), [2.5, 97.5])
    return {"value": fmean(per_group.values()), "ci95": [float(low), float(high)], "per_group": per_group}


def unknown_summary(figures: dict[str, Any]) -> str:
    """For a terminal."""
    lines = [
        f"AUROC {name:<20} {row['value']:.3f}  (95 %: {row['ci95'][0]:.3f} to {row['ci95'][1]:.3f})"
        for name, row in figures["auroc"].items()
    ]
    lines += [f"  without {group}: {value:.3f}" for group, value in figures["auroc"]["novelty"]["per_group"].items()]
    lines += [
        f"{what:<26} {row['accuracy']:6.1%}  (n = {row['n']})"
        for what, row in {
            "unknown clips rejected": figures["rejected"],
            "known clips labelled": figures["coverage"],
            "accuracy, all known clips": figures["known"]["full"],
            "accuracy, labelled clips": figures["known"]["said"],
            "accuracy, 95 % coverage": figures["known"]["at_95"],
        }.items()
        if row["n"]
    ]
    return "\n".join(lines)
