"""Several attacks on one bundle at several sizes: a row each, the worst case over all, and whether they are sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.attack.budget import Snr, Target
from trainer.attack.names import ADAPTIVE, QUERY, TRANSFER, WHITE
from trainer.attack.noise import RandomNoise
from trainer.attack.transfer import FPR, N_TWINS, Outcome
from trainer.attack.victim import Answer, Victim
from trainer.evaluate import accuracy
from trainer.stats import F64, mean_over_clips, proportion, roc_auc_paired, tpr_at_fpr

__all__ = ["Lab", "Row", "gates", "row_of_transfer", "worst_case", "worst_suspicion"]

SLACK = 0.05
"""By so much a query or transfer attack may fool more clips than the best white-box attack, by chance"""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One attack at one size, on the clips that were right before."""

    name: str
    config: str
    snr_db: float
    fooled: NDArray[np.bool_]
    """(n_clips,)"""
    queries: NDArray[np.int64]
    """(n_clips,); 0 where the bundle was never asked"""
    suspicion: F64
    """(n_clips, 2): attacked, clean; NaN where nothing was judged"""
    random_twin: dict[str, Any]

    @property
    def share(self) -> float:
        """Of clips that are fooled."""
        return float(self.fooled.mean())

    def to_json(self) -> dict[str, Any]:
        """As written into the report."""
        found = proportion(int(self.fooled.sum()), len(self.fooled))
        return {
            "name": self.name,
            "config": self.config,
            "domain": "waveform",
            "snr_db": self.snr_db,
            "n": found.n,
            "fooled": found.value,
            "ci95": list(found.ci95),
            "queries_median": float(np.median(self.queries)),
            "random_twin": self.random_twin,
            "suspicion": self.separation(),
        }

    def separation(self) -> dict[str, Any] | None:
        """Attacked against clean, over the clips of which both were judged."""
        known = self.suspicion[~np.isnan(self.suspicion).any(axis=1)]
        if len(known) == 0:
            return None
        area = roc_auc_paired(known[:, 0], known[:, 1], seed=0)
        tpr = tpr_at_fpr(known[:, 0], known[:, 1], fpr=FPR)
        return {"auc": area["value"], "ci95": area["ci95"], "tpr_at_1pct": tpr, "n": area["n"]}


@dataclass(frozen=True, eq=False)
class Lab:
    """Clips that a bundle judges rightly, and what random noise does to them."""

    victim: Victim
    targets: tuple[Target, ...]
    clean: tuple[Answer, ...]
    seed: int
    _twins: dict[float, dict[str, Any]] = field(default_factory=dict, init=False, repr=False)

    def row(self, name: str, snr_db: float, queries: int) -> Row:
        """Run one attack at one size; the deployed bundle confirms every success."""
        attack = (WHITE | QUERY)[name](Snr(db=snr_db), self.seed, queries)
        attempts = attack(self.targets, self.victim)
        pairs = [(a.answer.suspicion, c.suspicion) for a, c in zip(attempts, self.clean, strict=True)]
        return Row(
            name=name,
            config=repr(attack),
            snr_db=snr_db,
            fooled=np.array([attempt.fooled for attempt in attempts]),
            queries=np.array([attempt.queries for attempt in attempts]),
            suspicion=np.array(pairs, dtype=np.float64),
            random_twin=self.random_twin(snr_db),
        )

    def random_twin(self, snr_db: float) -> dict[str, Any]:
        """Noise of the same size: the control, measured once a size."""
        if snr_db not in self._twins:
            draws = [RandomNoise(budget=Snr(db=snr_db), seed=self.seed + 1 + i) for i in range(N_TWINS)]
            rows = [[attempt.fooled for attempt in draw(self.targets, self.victim)] for draw in draws]
            wrong = np.array(rows, dtype=np.float64)
            self._twins[snr_db] = {
                "draws": N_TWINS,
                "fooled": mean_over_clips(wrong.mean(axis=0), seed=self.seed),
                "fooled_by_any_draw": proportion(int(wrong.any(axis=0).sum()), len(self.targets)).to_json(),
            }
        return self._twins[snr_db]


def row_of_transfer(outcome: Outcome, snr_db: float, right: Sequence[int]) -> Row:
    """The same of an attack on a stand-in, for the clips `right`."""
    pairs = [(outcome.attacked[i].suspicion, outcome.clean[i].suspicion) for i in right]
    return Row(
        name=TRANSFER,
        config=repr(outcome.attack),
        snr_db=snr_db,
        fooled=np.array([outcome.attacked[i].best != outcome.truth[i] for i in right]),
        queries=np.zeros(len(right), dtype=np.int64),
        suspicion=np.array(pairs, dtype=np.float64),
        random_twin=outcome.to_json()["random_twin"],
    )


def worst_case(rows: Iterable[Row], n_clips: int) -> list[dict[str, Any]]:
    """Accuracy over all `n_clips` where any attack of a size, or of a smaller one, counts; largest SNR first."""
    rows, found = list(rows), []
    for snr_db in sorted({row.snr_db for row in rows}, reverse=True):
        fallen = np.any([row.fooled for row in rows if row.snr_db >= snr_db], axis=0)
        found.append({"snr_db": snr_db, **accuracy(int((~fallen).sum()), n_clips)})
    return found


def worst_suspicion(rows: Iterable[Row]) -> dict[str, Any]:
    """The detector's smallest area over plain attacks, and over adaptive ones: an attacker chooses."""
    plain: list[dict[str, Any]] = []
    adaptive: list[dict[str, Any]] = []
    for row in rows:
        found = row.separation()
        if found is not None:
            where = {"attack": row.name, "snr_db": row.snr_db}
            (adaptive if row.name == ADAPTIVE else plain).append(found | where)
    least = min(plain, key=lambda found: found["auc"], default=None)
    quiet = min(adaptive, key=lambda found: found["auc"], default=None)
    return {
        "auc": least and least["auc"],
        "tpr_at_1pct": least and least["tpr_at_1pct"],
        "auc_adaptive": quiet and quiet["auc"],
        "plain": least,
        "adaptive": quiet,
    }


def gates(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """What must hold of sound attacks, as far as it was run; the value is the worst over all sizes.

    A failure means that the attack is broken, not that the model is strong.
    """
    rows = list(rows)
    over_noise, over_white = [], []
    for snr_db in sorted({row.snr_db for row in rows}):
        here = [row for row in rows if row.snr_db == snr_db]
        white = [row.share for row in here if row.name in WHITE and row.name != ADAPTIVE]
        others = [row.share for row in here if row.name not in WHITE]
        if white:
            noise = here[0].random_twin["fooled"]
            over_noise.append(max(white) - (noise["value"] if noise else 0.0))
        if white and others:
            over_white.append(max(others) - max(white))
    found = {}
    if over_noise:
        found["white_box_beats_noise"] = {"passed": min(over_noise) >= 0, "value": min(over_noise)}
    if over_white:
        found["nothing_beats_white_box"] = {"passed": max(over_white) <= SLACK, "value": max(over_white)}
    return found
