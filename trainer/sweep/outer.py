"""The outer folds: what was chosen without a fold, fitted without it, exported, and scored on it once.

A touch is written down before the score is begun, so that a score whose process was killed counts, too; a score that
is there already is read and no touch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.bundle import read_bundle
from trainer.conditions import CONDITIONS, measure_conditions
from trainer.config import TrainerConfig
from trainer.data import Dataset
from trainer.evaluate import Evaluation, accuracy, check_held_out, judge_dataset
from trainer.files import write_whole
from trainer.lofo import fit_key, fold_bundle
from trainer.workers import Workers

__all__ = ["CLEAN", "Touches", "outer_scores", "total"]

CLEAN = "clean"


class Touches:
    """How often each fold was judged as an outer fold, over all runs of a sweep in one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, what: str, held_out: Dataset) -> None:
        """Write down that the clips of a fold are about to be judged."""
        line = json.dumps({"what": what, "fold": held_out.folds[0], "clips": held_out.sha256})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def count(self, what: str, dataset: Dataset) -> dict[int, int]:
        """Touches of every fold by what was fitted; a fold of other clips is another fold."""
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        found = Counter((row["what"], row["fold"], row["clips"]) for row in map(json.loads, lines))
        return {fold: found[what, fold, dataset.only_folds([fold]).sha256] for fold in dataset.folds}


def outer_scores(
    dataset: Dataset, configs: Mapping[int, TrainerConfig], out: Path, workers: Workers, touches: Touches, *, what: str
) -> dict[int, dict[str, Any]]:
    """Outer fold to its accuracies; fits and scores that are finished in `out` are used again."""
    folders = {fold: out / f"fold-{fold}" for fold in configs}
    fits = [(dataset, fold, config, folders[fold]) for fold, config in configs.items()]
    keys = workers.each(f"outer fits, {what}", fit_outer, fits)
    asked = [(dataset, fold, key, folders[fold], touches, what) for fold, key in zip(configs, keys, strict=True)]
    return dict(zip(configs, workers.each(f"outer scores, {what}", score_outer, asked), strict=True))


def fit_outer(dataset: Dataset, fold: int, config: TrainerConfig, folder: Path) -> str:
    """Fit and export without the fold; gives the key of the score."""
    training = dataset.only_folds(set(dataset.folds) - {fold})
    bundle = fold_bundle(training, config, folder)
    parts = [fit_key(training, config), bundle.id, dataset.only_folds([fold]).sha256, repr(CONDITIONS)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def score_outer(dataset: Dataset, fold: int, key: str, folder: Path, touches: Touches, what: str) -> dict[str, Any]:
    """Judge the fold's clips as the device does, clean and under every condition."""
    found = _read_score(folder, key)
    if found is not None:
        return found
    bundle = read_bundle(folder / "bundle")
    held_out = dataset.only_folds([fold])
    check_held_out(bundle, held_out.clips, allow=False)
    touches.add(what, held_out)
    evaluation = Evaluation(
        protocol="lofo",
        labels=dataset.labels,
        judged=judge_dataset(bundle, held_out),
        data_sha256=dataset.sha256,
        command="",
        seed=None,
        train_clips=False,
    )
    right = sum(judged.right for judged in evaluation.judged)
    accuracies = {CLEAN: accuracy(right, len(evaluation.judged))} | measure_conditions(evaluation)
    score = {"bundle": bundle.id, "accuracies": accuracies}
    write_whole(folder / "score.json", json.dumps({"key": key, "score": score}, indent=1) + "\n")
    return score


def total(scores: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """Accuracies over the clips of all outer folds, by condition."""
    tables = [score["accuracies"] for score in scores.values()]
    return {
        name: accuracy(
            sum(round(t[name]["n"] * t[name]["accuracy"]) for t in tables), sum(t[name]["n"] for t in tables)
        )
        for name in tables[0]
    }


def _read_score(folder: Path, key: str) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return dict(found["score"]) if found["key"] == key else None
