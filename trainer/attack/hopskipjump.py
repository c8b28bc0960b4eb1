"""HopSkipJump (Chen et al. 2020) through the Adversarial Robustness Toolbox: labels are all that it sees."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from tqdm.auto import tqdm

from edge.types import F32
from trainer.attack.base import Attack, Found
from trainer.attack.budget import Linf, Target
from trainer.attack.victim import Victim
from trainer.augment import COLOURS, coloured_noise

__all__ = ["HopSkipJump"]

N_LEVELS = 5
"""How loud the sounds are that are tried for a start with another label"""


@dataclass(frozen=True, kw_only=True)
class HopSkipJump(Attack):
    """Walks along the border between labels towards the clip; what it found is then scaled to the budget."""

    name: ClassVar[str] = "hopskipjump"
    queries: int = 500
    first: int = 20
    """Queries of the first estimate of the border's slope"""

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        return [
            self.one(target, victim, target.rng(self.seed, i_try))
            for target in tqdm(targets, desc=self.name, unit="clip", disable=None)
        ]

    def one(self, target: Target, victim: Victim, rng: np.random.Generator) -> Found:
        """The walk on one clip."""
        with warnings.catch_warnings():
            # The toolbox says that it found no PyTorch, and goes on.
            warnings.simplefilter("ignore", UserWarning)
            from art.attacks.evasion import HopSkipJump as ArtHopSkipJump
            from art.estimators.classification import BlackBoxClassifier

        said = _Labels(victim, target, self.queries)
        start = self.start(target, said, rng)
        if start is None:
            return Found(raw=self.budget.noise(rng, len(target.samples)), queries=said.n_queries)
        classifier = BlackBoxClassifier(
            said,
            input_shape=target.samples.shape,
            nb_classes=said.n_classes,
            clip_values=tuple(float(bound) for bound in target.bounds),
        )
        attack = ArtHopSkipJump(
            classifier,
            norm="inf" if isinstance(self.budget, Linf) else 2,
            max_iter=1,
            init_eval=self.first,
            max_eval=self.queries,
            verbose=False,
        )
        # The toolbox draws from numpy's global state.
        np.random.seed(int(rng.integers(2**31)))  # noqa: NPY002
        with contextlib.suppress(_ExhaustedError):
            best = start
            while True:
                asked = said.n_queries
                best = attack.generate(target.samples[None], x_adv_init=best[None], resume=best is not start)[0]
                # A round that asks nothing has come to its end.
                if said.n_queries == asked:
                    break
        # The start has another label, so there is a closest one.
        raw = said.closest if said.closest is not None else start - target.samples
        return Found(raw=raw, queries=said.n_queries)

    @staticmethod
    def start(target: Target, said: _Labels, rng: np.random.Generator) -> F32 | None:
        """A sound of another label: noise of every colour over the clip, louder and louder."""
        for share in np.linspace(0.2, 1.0, N_LEVELS):
            for colour in COLOURS:
                noise = coloured_noise(colour, len(target.samples), rng)
                mixed = (1 - share) * target.samples + share * noise / np.abs(noise).max()
                tried: F32 = np.clip(mixed, *target.bounds).astype(np.float32)
                if said(tried[None])[0, target.label] == 0:
                    return tried
        return None


class _ExhaustedError(Exception):
    """The queries are used up: the only way out of the toolbox's loops, which go on until an answer pleases them."""


class _Labels:
    """The deployed program as the toolbox wants it: rows (n, n_values) to one-hot labels (n, n_classes); it counts."""

    def __init__(self, victim: Victim, target: Target, allowed: int) -> None:
        self.victim, self.target, self.allowed = victim, target, allowed
        self.n_queries = 0
        self.closest: F32 | None = None
        self._size = np.inf
        self.n_classes = len(victim.judge(target.samples).probabilities)

    def __call__(self, rows: Any) -> F32:
        """Answers; the smallest change with another label is remembered."""
        answers = np.zeros((len(rows), self.n_classes), dtype=np.float32)
        for answer, row in zip(answers, rows, strict=True):
            answer[self.label_of(row.astype(np.float32))] = 1.0
        return answers

    def label_of(self, row: F32) -> int:
        """One query."""
        if self.n_queries >= self.allowed:
            raise _ExhaustedError
        self.n_queries += 1
        label = self.victim.judge(row).label
        # A sound that is not judged at all has no label to walk towards.
        if label is None or label == self.target.label:
            return self.target.label
        change = (row - self.target.samples) * self.target.active()
        size = float(np.linalg.norm(change))
        if size < self._size:
            self.closest, self._size = change, size
        return label
