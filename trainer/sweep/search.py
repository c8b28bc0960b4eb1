"""The staged choice: candidates on top of the best so far, for every outer fold by itself and for all folds together.

A chain is one such choice. All chains take a candidate at the same time, because they share most of its fits. Nothing
here knows how a score comes about, nor may a chain see a score on its own outer fold: the scorer sees to that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from trainer.config import TrainerConfig
from trainer.sweep.space import Candidate, Space

__all__ = ["OVERALL", "Budget", "Chain", "InnerScore", "Row", "Scorer", "search"]

log = logging.getLogger(__name__)

OVERALL = 0
"""The chain that looks at all folds; the others have the number of their outer fold, >= 1"""


@dataclass(frozen=True, slots=True)
class InnerScore:
    """What the inner folds say of a configuration; shares of clips."""

    clean: float
    noisy: float
    criterion: float
    """What is chosen by: the mean of the two"""
    error: float
    """Standard error of the criterion over pairs of folds; they share clips, so it is a little too small"""
    minutes: float
    """Processor time that its fits took, of all chains, when they were made"""


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate, and what became of it."""

    stage: str
    candidate: str
    reference: bool
    score: InnerScore | None
    """None: not tried"""
    chosen: bool
    """Part of the configuration after its stage"""


@dataclass(slots=True)
class Chain:
    """One choice: its best configuration so far, and every candidate that it was offered."""

    config: TrainerConfig
    score: InnerScore | None = None
    rows: list[Row] = field(default_factory=list)


class Scorer(Protocol):
    """Whatever can say how good configurations are."""

    def estimate_s(self, configs: Mapping[int, TrainerConfig]) -> float:
        """Seconds that scoring would take; 0 where nothing is known."""

    def score(self, configs: Mapping[int, TrainerConfig]) -> dict[int, InnerScore]:
        """Score a configuration a chain."""

    def settle(self, configs: Mapping[int, TrainerConfig]) -> None:
        """Hear which configuration each chain goes on with."""


class Budget:
    """Seconds that may still be begun."""

    def __init__(self, minutes: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._seconds = None if minutes is None else 60.0 * minutes

    def allows(self, seconds: float) -> bool:
        """Would work of so many seconds end within the budget."""
        if self._seconds is None:
            return True
        spent = self._clock() - self._start
        return spent < self._seconds and spent + seconds <= self._seconds


def search(
    space: Space, base: TrainerConfig, chains: tuple[int, ...], scorer: Scorer, budget: Budget
) -> dict[int, Chain]:
    """Every chain's choice. Candidates that the budget has no time for are not tried, cheaper ones after them are.

    A candidate replaces the best so far only if it is better by the space's margin: among many candidates some look
    better by chance, and a change that is worth nothing is not made. Of several, the best is taken.
    """
    found = {number: Chain(base) for number in chains}
    scorer.settle(dict.fromkeys(chains, base))
    scores = _scores("base", dict.fromkeys(chains, base), scorer, budget)
    for number, chain in found.items():
        chain.score = scores.get(number)
        chain.rows.append(Row("base", "base", reference=False, score=chain.score, chosen=True))
    for stage in space.stages:
        offers: dict[int, list[Offer]] = {number: [] for number in chains}
        for candidate in stage.candidates:
            configs = {number: candidate.on(chain.config) for number, chain in found.items()}
            scores = _scores(f"{stage.name}, {candidate.name}", configs, scorer, budget)
            for number, config in configs.items():
                offers[number].append(Offer(candidate, config, scores.get(number)))
        for number, chain in found.items():
            _choose(chain, stage.name, offers[number], space.margin)
        scorer.settle({number: chain.config for number, chain in found.items()})
    return found


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate on top of a chain's best configuration."""

    candidate: Candidate
    config: TrainerConfig
    score: InnerScore | None


def _scores(what: str, configs: Mapping[int, TrainerConfig], scorer: Scorer, budget: Budget) -> dict[int, InnerScore]:
    """Scores of all chains, or none at all if the budget has no time for them."""
    estimate_s = scorer.estimate_s(configs)
    if not budget.allows(estimate_s):
        log.info("%s: not tried, about %.1f minutes", what, estimate_s / 60)
        return {}
    log.info("%s%s", what, f": about {estimate_s / 60:.1f} minutes" if estimate_s else "")
    return scorer.score(configs)


def _choose(chain: Chain, stage: str, offers: list[Offer], margin: float) -> None:
    """Take the best of the offers if it is better by the margin, and write down all of them."""
    open_offers = [offer for offer in offers if offer.score is not None and not offer.candidate.reference]
    best = max(open_offers, key=lambda offer: offer.score.criterion if offer.score else 0.0, default=None)
    if best is None or best.score is None or chain.score is None or not _better(best.score, chain.score, margin):
        best = None
    for offer in offers:
        candidate = offer.candidate
        row = Row(stage, candidate.name, reference=candidate.reference, score=offer.score, chosen=offer is best)
        chain.rows.append(row)
    if best is not None:
        chain.config, chain.score = best.config, best.score


def _better(new: InnerScore, old: InnerScore, margin: float) -> bool:
    """By more than the margin; a hair is for the rounding of shares."""
    return 100.0 * (new.criterion - old.criterion) > margin + 1e-9
