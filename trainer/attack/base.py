"""What every attack shares: the exact size of its perturbation, the bounds, the count, the proof.

An attack searches; this file brings what it found to exactly the budget, asks the deployed program whether it is
fooled, and lets the attack try again on the clips that are not. No success is counted that the deployed program
did not confirm.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from edge.types import F32
from trainer.attack.budget import Budget, Target, snr_db_of
from trainer.errors import AttackError

if TYPE_CHECKING:
    from trainer.attack.victim import Answer, Victim

__all__ = ["Attack", "Attempt", "Found", "Perturbed", "finish"]


@dataclass(frozen=True, slots=True, eq=False)
class Perturbed:
    """What an attack made of a clip."""

    samples: F32
    """(n_samples,), in [-1, 1]; of an image its levels"""
    snr_db: float
    """Measured over the active part of the clip"""
    linf: float
    """Largest change of a sample, full scale = 1"""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search came to for one clip."""

    raw: F32
    """(n_samples,); its size does not matter, its shape does"""
    queries: int
    """Evaluations of the attacked model that it cost: gradients, or answers of a black box"""


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """The best that an attack made of a clip, as the deployed program saw it."""

    perturbed: Perturbed
    answer: Answer
    fooled: bool
    """The deployed program says another label, and whatever else the attack promised holds"""
    queries: int
    """Of all tries together"""


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """An attack is its configuration: `repr(attack)` rebuilds it."""

    name: ClassVar[str]
    n_tries: ClassVar[int] = 1
    """Searches of a clip that is not fooled; each may use other starts, losses and slopes"""
    budget: Budget
    seed: int = 0

    def __call__(self, targets: Sequence[Target], victim: Victim, /) -> list[Attempt]:
        """Attack every clip; try again where the deployed program is not fooled.

        Raises
        ------
        AttackError : a clip has no sound, or no room for a perturbation of this size within its bounds
        """
        best: dict[int, Attempt] = {}
        standing = list(range(len(targets)))
        for i in range(self.n_tries):
            found = self.search([targets[k] for k in standing], victim, i)
            for k, one in zip(standing, found, strict=True):
                before = best.get(k)
                attempt = self.confirmed(targets[k], one, victim, 0 if before is None else before.queries)
                label = targets[k].label
                if before is None or attempt.fooled or attempt.answer.margin(label) > before.answer.margin(label):
                    best[k] = attempt
                else:
                    best[k] = replace(before, queries=attempt.queries)
            standing = [k for k in standing if not best[k].fooled]
            if not standing:
                break
        return [best[k] for k in range(len(targets))]

    def perturb(self, targets: Sequence[Target], victim: Victim, /) -> list[Perturbed]:
        """The sounds alone; with a single try nobody needs to be asked."""
        if self.n_tries == 1:
            found = self.search(targets, victim, 0)
            return [finish(target, one.raw, self.budget) for target, one in zip(targets, found, strict=True)]
        return [attempt.perturbed for attempt in self(targets, victim)]

    def confirmed(self, target: Target, found: Found, victim: Victim, queries_before: int) -> Attempt:
        """What the deployed program says of a found perturbation at its exact size."""
        perturbed = finish(target, found.raw, self.budget)
        answer = victim.judge(perturbed.samples)
        return Attempt(perturbed, answer, self.succeeded(answer, target.label), queries_before + found.queries + 1)

    def succeeded(self, answer: Answer, label: int) -> bool:
        """Whether this answer is what the attack is after."""
        return answer.label != label

    @abstractmethod
    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        """A perturbation for each clip, in the `i_try`-th try."""


def finish(target: Target, raw: F32, budget: Budget) -> Perturbed:
    """Bring a perturbation to its size; the budget checks the result rather than trusts it."""
    low, high = target.bounds
    if target.samples.max() > high or target.samples.min() < low:
        got = np.abs(target.samples).max()
        raise AttackError(f"attack: samples in [{low:g}, {high:g}] wanted. Got {got:.3f} instead.")
    samples = budget.apply(target, raw)
    return Perturbed(
        samples=samples,
        snr_db=snr_db_of(target.samples, samples, target.active(), signal=target.signal()),
        linf=float(np.abs(samples - target.samples).max()),
    )
