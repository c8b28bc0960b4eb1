"""Score exported bundles, as deployed, on clips that they were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from edge.bundle import Bundle, read_bundle
from edge.clip import ClipVerdict, judge_samples
from edge.types import Verdict
from trainer.data import Clip, Dataset, check_apart, read_clip
from trainer.errors import DatasetError
from trainer.stats import F64, calibration_error, calibration_error_ci95, ks_uniform, proportion

__all__ = [
    "TRAIN_CLIPS_MARK",
    "Evaluation",
    "Judged",
    "accuracy",
    "check_held_out",
    "evaluate_bundle",
    "judge_dataset",
    "summary",
]

COVERAGE = 0.95
SEED = 0
TRAIN_CLIPS_MARK = "INCLUDES TRAINING CLIPS"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One clip, and what one bundle says of it."""

    clip: Clip
    verdict: ClipVerdict
    bundle: Bundle

    @property
    def right(self) -> bool:
        """The likeliest label is the true one, whether it was said or not; a gated clip is not right."""
        return self.verdict.best == self.clip.label


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All verdicts of one protocol, and what is needed to repeat it."""

    protocol: str
    """`held_out`: one bundle on given folds; `lofo`: one bundle a fold, each on its own fold"""
    labels: tuple[str, ...]
    judged: tuple[Judged, ...]
    data_sha256: str
    command: str
    seed: int | None
    """Of the fit; None when the bundle does not tell"""
    train_clips: bool
    """Some clips were fitted on: no figure here says anything about new sounds"""
    runs: dict[str, Path] = field(default_factory=dict)
    """Bundle id to the run folder it was exported from, where known"""

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """Every bundle once, in the order of use."""
        return tuple({judged.bundle.id: judged.bundle for judged in self.judged}.values())

    @property
    def windows(self) -> list[tuple[str, Verdict]]:
        """(true label, verdict) of every window that passed the gate."""
        return [(j.clip.label, v) for j in self.judged for v in j.verdict.windows if v.best is not None]

    @property
    def confusion(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """(n_classes, n_classes), clips: row = true, column = said; abstentions are in no column."""
        counts = np.zeros((len(self.labels), len(self.labels)), dtype=np.int64)
        for judged in self.judged:
            if judged.verdict.best is not None:
                counts[self.labels.index(judged.clip.label), self.labels.index(judged.verdict.best)] += 1
        return counts

    def suspicion_p(self) -> F64:
        """The p-value of the first judged window of every clip (n_clips,): windows that share no sound."""
        first = (
            next((v.suspicion_p for v in j.verdict.windows if v.suspicion_p is not None), None) for j in self.judged
        )
        return np.array([p for p in first if p is not None])

    def confidences(self) -> tuple[F64, np.ndarray[Any, np.dtype[np.bool_]]]:
        """Probability of the likeliest label, and is it right, (n_clips,), of every clip that passed the gate."""
        labelled = [(j, j.verdict.best) for j in self.judged if j.verdict.best is not None]
        confidence = np.array([j.verdict.scores[best] for j, best in labelled])
        return confidence, np.array([j.right for j, _ in labelled], dtype=bool)

    def to_json(self) -> dict[str, Any]:
        """The report for machines; numbers a reader can check against `judged`."""
        windows = self.windows
        return {
            "protocol": self.protocol,
            "train_clips": self.train_clips,
            "clips": accuracy(sum(j.right for j in self.judged), len(self.judged))
            | {"abstained": sum(j.verdict.best is None for j in self.judged)},
            "windows": accuracy(sum(v.best == truth for truth, v in windows), len(windows))
            | {"abstained": sum(v.best is None for j in self.judged for v in j.verdict.windows)},
            "per_fold": {
                str(fold): accuracy(sum(j.right for j in of_fold), len(of_fold))
                for fold in sorted({j.clip.fold for j in self.judged})
                for of_fold in [[j for j in self.judged if j.clip.fold == fold]]
            },
            "per_class": self.per_class(),
            "confusion": {"labels": list(self.labels), "counts": self.confusion.tolist()},
            "calibration_error": self.calibration_error(),
            "calibration_error_ci95": self.calibration_error_ci95(),
            "coverage": self.coverage(),
            "suspicion": self.suspicion(),
            "data_sha256": self.data_sha256,
            "seed": self.seed,
            "command": self.command,
            "bundle_ids": [bundle.id for bundle in self.bundles],
        }

    def per_class(self) -> dict[str, dict[str, Any]]:
        """Clips, recall and precision of each label; None where nothing can be divided."""
        counts = self.confusion
        table = {}
        for i, label in enumerate(self.labels):
            n = sum(j.clip.label == label for j in self.judged)
            n_said = int(counts[:, i].sum())
            table[label] = {
                "n": n,
                "recall": int(counts[i, i]) / n if n else None,
                "precision": int(counts[i, i]) / n_said if n_said else None,
            }
        return table

    def calibration_error(self) -> float | None:
        """Expected calibration error of the clips' confidence, 10 bins."""
        confidence, right = self.confidences()
        return calibration_error(confidence, right) if len(confidence) else None

    def calibration_error_ci95(self) -> list[float] | None:
        """Its interval over clips."""
        confidence, right = self.confidences()
        return calibration_error_ci95(confidence, right, seed=SEED) if len(confidence) else None

    def coverage(self) -> dict[str, Any] | None:
        """What abstaining costs and gives on these clips of known classes; None where no bundle abstains.

        `accuracy` above is at full coverage: of the likeliest labels. Here is that of the clips that keep theirs at
        the bundles' thresholds, and of the 95 % that are most like their class.
        """
        judged = sorted((j for j in self.judged if j.verdict.novelty is not None), key=lambda j: j.verdict.novelty or 0)
        if not judged:
            return None
        said = [j for j in judged if j.verdict.label is not None]
        kept = judged[: round(COVERAGE * len(judged))]
        return {
            "said": accuracy(sum(j.right for j in said), len(said)),
            "coverage": len(said) / len(judged),
            "at_95": accuracy(sum(j.right for j in kept), len(kept)) | {"abstained": 1 - len(kept) / len(judged)},
        }

    def suspicion(self) -> dict[str, Any]:
        """Is the p-value uniform on these clean clips, and does the score vary."""
        p_values = self.suspicion_p()
        scores = np.array([j.verdict.suspicion for j in self.judged if j.verdict.suspicion is not None])
        return {
            "ks_uniform": ks_uniform(p_values) if len(p_values) else None,
            "mean": float(scores.mean()) if len(scores) else None,
            "std": float(scores.std()) if len(scores) else None,
            "n_calibration": [bundle.n_calibration for bundle in self.bundles],
        }


def accuracy(k: int, n: int) -> dict[str, Any]:
    """The form of every accuracy in the reports."""
    if n == 0:
        return {"n": 0, "accuracy": None, "ci95": None}
    share = proportion(k, n)
    return {"n": n, "accuracy": share.value, "ci95": list(share.ci95)}


def evaluate_bundle(
    path: Path, dataset: Dataset, *, run: Path | None, allow_train_clips: bool, command: str
) -> Evaluation:
    """One bundle, as deployed, on the clips given."""
    bundle = read_bundle(path)
    train_clips = check_held_out(bundle, dataset.clips, allow=allow_train_clips)
    return Evaluation(
        protocol="held_out",
        labels=bundle.labels,
        judged=judge_dataset(bundle, dataset),
        data_sha256=dataset.sha256,
        command=command,
        seed=bundle.manifest["made_by"]["seed"],
        train_clips=train_clips,
        runs={} if run is None else {bundle.id: run},
    )


def summary(figures: dict[str, Any]) -> str:
    """The figures of `Evaluation.to_json` for a terminal."""
    lines = [TRAIN_CLIPS_MARK] if figures["train_clips"] else []
    for what in ("clips", "windows"):
        row = figures[what]
        if row["n"]:
            low, high = row["ci95"]
            lines.append(f"{what:<8} {row['accuracy']:6.1%}  (95 %: {low:.1%} to {high:.1%}, n = {row['n']})")
    lines.extend(
        f"fold {fold:<3} {row['accuracy']:6.1%}  (n = {row['n']})" for fold, row in figures["per_fold"].items()
    )
    lines.extend(
        f"  {label:<20} recall {share(row['recall'])}  precision {share(row['precision'])}  n = {row['n']}"
        for label, row in figures["per_class"].items()
    )
    ks = figures["suspicion"]["ks_uniform"]
    if ks is not None:
        lines.append(f"suspicion p uniform on these clips: KS {ks['statistic']:.3f}, p = {ks['p']:.3f}, n = {ks['n']}")
    if figures["calibration_error"] is not None:
        low, high = figures["calibration_error_ci95"]
        lines.append(
            f"calibration error of the confidence: {figures['calibration_error']:.3f} ({low:.3f} to {high:.3f})"
        )
    covered = figures["coverage"]
    if covered is not None:
        lines.append(
            f"labels given to {covered['coverage']:.1%} of clips, right {share(covered['said']['accuracy']).strip()}; "
            f"at 95 % coverage {share(covered['at_95']['accuracy']).strip()}"
        )
    return "\n".join(lines)


def share(value: float | None) -> str:
    """A share in a column of shares."""
    return "     –" if value is None else f"{value:6.1%}"


def judge_dataset(bundle: Bundle, dataset: Dataset) -> tuple[Judged, ...]:
    """Every clip through the deployed path.

    Raises
    ------
    DatasetError : a label that the bundle does not know, or a clip that cannot be read
    """
    unknown = sorted({clip.label for clip in dataset.clips} - set(bundle.labels))
    if unknown:
        raise DatasetError(
            f"{dataset.root}: labels of bundle {bundle.name} wanted ({', '.join(bundle.labels)}). "
            f"Got {', '.join(unknown)} instead."
        )
    return tuple(
        Judged(clip=clip, verdict=judge_samples(bundle, read_clip(clip, rate_hz=bundle.rate_hz)), bundle=bundle)
        for clip in tqdm(dataset.clips, desc=f"judge {bundle.name}", unit="clip", disable=None)
    )


def check_held_out(bundle: Bundle, clips: Sequence[Clip], *, allow: bool) -> bool:
    """True if some clips were fitted on and that is allowed.

    Raises
    ------
    TrainClipsError : some clips were fitted on and that is not allowed
    """
    if not allow:
        hint = "; choose other folds, or --allow-train-clips"
        check_apart(bundle.train_clips, clips, str(bundle.path), hint=hint)
    return any(clip.sha256 in bundle.train_clips for clip in clips)
