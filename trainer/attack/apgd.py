"""Auto-PGD (Croce and Hein 2020): momentum, and a step that halves by itself where it no longer helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.types import F32
from trainer.attack.gradient import Batch, Flags, GradientAttack, Heights

__all__ = ["AutoPgd", "checkpoints"]

MOMENTUM = 0.75
LEAST_RISES = 0.75
"""Share of steps between checkpoints that must rise, or the step is halved"""
CHECK_EVERY = 10
"""Steps after which clips that are fooled beyond doubt leave the batch"""


@dataclass(frozen=True, kw_only=True)
class AutoPgd(GradientAttack):
    """The best iterate of every clip, on the sphere of the budget; one try an inverse temperature, in turn.

    The iterate is projected onto the sphere, not the ball: a smaller perturbation than allowed is no
    use to an attacker, and the exact size is the contract of `Attack`.
    """

    name: ClassVar[str] = "apgd"
    betas: tuple[float, ...] = (30.0, 100.0, 10.0, 4.0, 1.0)
    n_steps: int = 100
    step: float = 0.5
    """Length of the first step, share of the budget"""
    sure: float = 1.0
    """Log odds of a wrong label at which a clip is left alone; the deployed program has the last word"""

    def ascend(self, batch: Batch, start: F32) -> tuple[F32, F32]:
        best, cost = start.copy(), np.full(len(start), self.n_steps + 1.0, dtype=np.float32)
        rows = np.arange(len(start))
        state = _State.begin(self, batch, start)
        for i in range(1, self.n_steps + 1):
            state.advance(self)
            if i in checkpoints(self.n_steps):
                state.adapt(i)
            done = self.settled(state.best_heights) if i % CHECK_EVERY == 0 else np.zeros(len(rows), dtype=bool)
            if done.any():
                best[rows[done]], cost[rows[done]] = state.best[done], i + 1
                rows, state = rows[~done], state.only(~done)
            if len(rows) == 0:
                break
        best[rows] = state.best
        return best, cost

    def settled(self, heights: Heights) -> Flags:
        """Clips (n,) that need no more steps."""
        return heights.odds > self.sure


@dataclass(slots=True, eq=False)
class _State:
    """A climb under way: all arrays are a row a clip."""

    batch: Batch
    x: F32
    previous: F32
    heights: Heights
    best: F32
    best_heights: Heights
    length: F32
    """(n, 1), share of the budget"""
    rises: F32
    last_best: F32
    last_length: F32
    last_check: int = 0

    @classmethod
    def begin(cls, attack: AutoPgd, batch: Batch, start: F32) -> _State:
        heights = batch(start)
        attack.check_gradient(heights)
        length = np.full((len(start), 1), attack.step, dtype=np.float32)
        zero = np.zeros(len(start), dtype=np.float32)
        return cls(
            batch, start, start, heights, start.copy(), heights, length, zero, heights.loss.copy(), length.copy()
        )

    def advance(self, attack: AutoPgd) -> None:
        """One step with momentum."""
        budget, sizes = attack.budget, self.batch.sizes
        climbed = budget.onto(self.x + self.length * sizes * budget.steepest(self.heights.gradient), sizes)
        pushed = self.x + MOMENTUM * (climbed - self.x) + (1 - MOMENTUM) * (self.x - self.previous)
        self.previous, self.x = self.x, budget.onto(pushed * self.batch.active, sizes)
        before = self.heights.loss
        self.heights = self.batch(self.x)
        self.rises += self.heights.loss > before
        better = self.heights.loss > self.best_heights.loss
        self.best = np.where(better[:, None], self.x, self.best)
        self.best_heights = chosen(better, self.heights, self.best_heights)

    def adapt(self, i: int) -> None:
        """At a checkpoint: halve the step, and go back to the best, where too few steps rose or nothing was gained."""
        few = self.rises < LEAST_RISES * (i - self.last_check)
        stuck = (self.length == self.last_length)[:, 0] & (self.best_heights.loss <= self.last_best)
        halve = few | stuck
        self.last_length, self.last_best = self.length.copy(), self.best_heights.loss.copy()
        self.length = np.where(halve[:, None], self.length / 2, self.length)
        self.x = np.where(halve[:, None], self.best, self.x)
        self.previous = np.where(halve[:, None], self.best, self.previous)
        self.heights = chosen(halve, self.best_heights, self.heights)
        self.rises = np.zeros_like(self.rises)
        self.last_check = i

    def only(self, rows: Flags) -> _State:
        """Some of the clips."""
        return _State(
            self.batch.only(rows),
            self.x[rows],
            self.previous[rows],
            some(self.heights, rows),
            self.best[rows],
            some(self.best_heights, rows),
            self.length[rows],
            self.rises[rows],
            self.last_best[rows],
            self.last_length[rows],
            self.last_check,
        )


def chosen(where: Flags, a: Heights, b: Heights) -> Heights:
    """Rows of `a` where true, of `b` elsewhere."""
    return Heights(
        np.where(where, a.loss, b.loss),
        np.where(where, a.odds, b.odds),
        np.where(where, a.suspicion, b.suspicion),
        np.where(where[:, None], a.gradient, b.gradient),
    )


def some(heights: Heights, rows: Flags) -> Heights:
    """Some of the clips."""
    return Heights(heights.loss[rows], heights.odds[rows], heights.suspicion[rows], heights.gradient[rows])


def checkpoints(n_steps: int) -> set[int]:
    """Croce and Hein's: 22 % of the steps, then intervals that shrink by 3 % to no less than 6 %."""
    places, at, interval = [0.0, 0.22], 0.22, 0.22
    while at < 1.0:
        interval = max(interval - 0.03, 0.06)
        at += interval
        places.append(at)
    return {int(np.ceil(place * n_steps)) for place in places[1:] if place <= 1.0}
