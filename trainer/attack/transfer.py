"""Attack a stand-in, confirm on the deployed bundle: the figures of one attack at one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tqdm.auto import tqdm

from edge.bundle import Bundle
from edge.clip import ClipVerdict, judge_samples
from trainer.attack.base import Attack, Perturbed
from trainer.attack.budget import Target
from trainer.attack.noise import RandomNoise
from trainer.attack.victim import Victim
from trainer.data import Dataset, read_clip
from trainer.errors import AttackError
from trainer.evaluate import accuracy
from trainer.stats import F64, mean_over_clips, proportion, roc_auc_paired, tpr_at_fpr

__all__ = ["FPR", "N_TWINS", "Outcome", "confirm", "targets_of", "write_clips"]

N_TWINS = 20
"""Draws of the random twin"""
FPR = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What the bundle and the attacked stand-in said, clip by clip."""

    attack: Attack
    labels: tuple[str, ...]
    truth: tuple[str, ...]
    """(n_clips,)"""
    perturbed: tuple[Perturbed, ...]
    clean: tuple[ClipVerdict, ...]
    attacked: tuple[ClipVerdict, ...]
    twins: tuple[tuple[ClipVerdict, ...], ...]
    """n_draws rows of n_clips"""
    surrogate: dict[str, tuple[str | None, ...]]
    """The stand-in's labels for `clean`, `attacked` and `random_twin` (one draw)"""

    def to_json(self) -> dict[str, Any]:
        """All figures; `gates` says whether the attack itself is sound."""
        return {
            "attack": repr(self.attack),
            "snr_db": spread([p.snr_db for p in self.perturbed]),
            "linf": spread([p.linf for p in self.perturbed]),
            "clean": self._accuracy([v.best for v in self.clean]),
            "attacked": self._accuracy([v.best for v in self.attacked]),
            "fooled": self._fooled([v.best for v in self.attacked]),
            "random_twin": self._random_twin(),
            "surrogate": {name: self._accuracy(said) for name, said in self.surrogate.items()},
            "suspicion": self._suspicion(),
            "gates": self.gates(),
        }

    def gates(self) -> dict[str, bool]:
        """False means that the attack is broken, not that the model is strong."""
        right = {
            name: sum(a == b for a, b in zip(said, self.truth, strict=True)) for name, said in self.surrogate.items()
        }
        return {
            "surrogate_falls": right["attacked"] < 0.5 * right["clean"],
            "attack_beats_random_on_surrogate": right["attacked"] < right["random_twin"],
        }

    def _accuracy(self, said: Sequence[str | None]) -> dict[str, Any]:
        return accuracy(sum(a == b for a, b in zip(said, self.truth, strict=True)), len(self.truth))

    def _right(self) -> list[int]:
        """Clips that are right before any perturbation: only these can be fooled."""
        return [i for i, v in enumerate(self.clean) if v.best == self.truth[i]]

    def _fooled(self, said: Sequence[str | None]) -> dict[str, Any] | None:
        right = self._right()
        return proportion(sum(said[i] != self.truth[i] for i in right), len(right)).to_json() if right else None

    def _random_twin(self) -> dict[str, Any]:
        right = self._right()
        wrong = np.array([[row[i].best != self.truth[i] for row in self.twins] for i in right], dtype=np.float64)
        return {
            "draws": len(self.twins),
            "fooled": mean_over_clips(wrong.mean(axis=1), seed=self.attack.seed) if right else None,
            "fooled_by_any_draw": proportion(int(wrong.any(axis=1).sum()), len(right)).to_json() if right else None,
        }

    def _suspicion(self) -> dict[str, Any]:
        """Areas over the clips that no version of was gated."""
        rows = [[c.suspicion, a.suspicion, *(row[i].suspicion for row in self.twins)]
                for i, (c, a) in enumerate(zip(self.clean, self.attacked, strict=True))]  # fmt: skip
        known = np.array([row for row in rows if None not in row], dtype=np.float64)
        if len(known) == 0:
            return {"n": 0}
        clean, attacked, random = known[:, 0], known[:, 1], known[:, 2:]
        return {
            "n": len(known),
            "attacked_against_clean": self._separation(attacked, clean),
            "attacked_against_random": self._separation(attacked, random),
            "random_against_clean": self._separation(random[:, 0], clean),
        }

    def _separation(self, positives: F64, negatives: F64) -> dict[str, Any]:
        return {
            "roc_auc": roc_auc_paired(positives, negatives, seed=self.attack.seed),
            "tpr_at_1pct_fpr": tpr_at_fpr(positives, negatives.ravel(), fpr=FPR),
        }


def targets_of(dataset: Dataset, *, rate_hz: int) -> list[Target]:
    """The clips as an attacker holds them: what a resampler let beyond full scale is cut."""
    return [
        Target(
            samples=np.clip(read_clip(clip, rate_hz=rate_hz), -1, 1),
            rate_hz=rate_hz,
            label=dataset.labels.index(clip.label),
        )
        for clip in dataset.clips
    ]


def confirm(bundle: Bundle, dataset: Dataset, attack: Attack, source: Victim, *, n_twins: int = N_TWINS) -> Outcome:
    """Attack every clip on `source`, the stand-in; then ask the deployed bundle, and the stand-in itself.

    Raises
    ------
    AttackError : a clip has no sound, or a perturbation of this size does not fit
    """
    targets = targets_of(dataset, rate_hz=bundle.rate_hz)
    perturbed = attack.perturb(targets, source)
    draws = [RandomNoise(budget=attack.budget, seed=attack.seed + 1 + i) for i in range(n_twins)]
    twins = [draw.perturb(targets, source) for draw in draws]
    versions = [[target.samples for target in targets], *([p.samples for p in row] for row in (perturbed, *twins))]
    judged = [
        tuple(judge_samples(bundle, samples) for samples in version)
        for version in tqdm(versions, desc="confirm", unit="version", disable=None)
    ]
    if not twins:
        raise AttackError("attack: at least one draw of the random twin wanted. Got none instead.")
    named = dict(zip(("clean", "attacked", "random_twin"), versions, strict=False))
    said = {name: [source.judge(samples).label for samples in version] for name, version in named.items()}
    return Outcome(
        attack=attack,
        labels=dataset.labels,
        truth=tuple(clip.label for clip in dataset.clips),
        perturbed=tuple(perturbed),
        clean=judged[0],
        attacked=judged[1],
        twins=tuple(judged[2:]),
        surrogate={name: tuple(None if i is None else dataset.labels[i] for i in row) for name, row in said.items()},
    )


def write_clips(folder: Path, dataset: Dataset, outcome: Outcome, *, rate_hz: int) -> None:
    """The attacked clips as float WAV, so that the files hold exactly what was judged."""
    for clip, perturbed in zip(dataset.clips, outcome.perturbed, strict=True):
        path = (folder / clip.path.relative_to(dataset.root)).with_suffix(".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, perturbed.samples, rate_hz, subtype="FLOAT")


def spread(values: list[float]) -> dict[str, float]:
    """Smallest, median and largest."""
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}
