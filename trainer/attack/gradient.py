"""The frame of attacks that climb a gradient: batches of one length, the active part, starts, and the end's shape."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from edge.types import F32
from trainer.attack.base import Attack, Found
from trainer.attack.budget import Target
from trainer.attack.victim import Victim
from trainer.errors import AttackError

__all__ = ["Batch", "Flags", "GradientAttack", "Heights"]

Flags = NDArray[np.bool_]
"""(n,), one truth value a clip"""


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """What one evaluation of a batch gives."""

    loss: F32
    """(n,), to climb"""
    odds: F32
    """(n,), log odds of the best wrong label: > 0 is another label"""
    suspicion: F32
    """(n,)"""
    gradient: F32
    """(n, n_values), zero outside the active part"""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Clips of one length."""

    clean: F32
    """(n, n_values), cut or padded to what the model looks at"""
    active: F32
    """(n, n_values), 1 where a perturbation may be"""
    sizes: F32
    """(n, 1), the budget in its norm"""
    truth: F32
    """(n,)"""
    bounds: tuple[F32, F32]
    """(n, 1) each"""
    victim: Victim
    beta: float
    loss: str

    def __call__(self, delta: F32) -> Heights:
        """Evaluate perturbations (n, n_values)."""
        import tensorflow as tf

        step = self.victim.climb(self.loss, self.clean.shape[1])
        moved = np.clip(self.clean + delta, *self.bounds)
        loss, odds, suspicion, gradient = (
            value.numpy() for value in step(tf.constant(moved), tf.constant(self.truth, tf.int32), self.beta)
        )
        return Heights(loss, odds, suspicion, np.nan_to_num(gradient) * self.active)

    def only(self, rows: Any) -> Batch:
        """Some of the clips."""
        low, high = self.bounds
        return Batch(
            clean=self.clean[rows],
            active=self.active[rows],
            sizes=self.sizes[rows],
            truth=self.truth[rows],
            bounds=(low[rows], high[rows]),
            victim=self.victim,
            beta=self.beta,
            loss=self.loss,
        )


@dataclass(frozen=True, kw_only=True)
class GradientAttack(Attack):
    """Searches by `ascend` on batches."""

    loss: str = "odds"
    """One of `trainer.attack.loss`"""
    betas: tuple[float, ...] = (4.0,)
    """Inverse temperatures of the twin's backward memberships, one a try in turn; a network has none"""
    batch: int = 16

    @property
    def n_tries(self) -> int:  # type: ignore[override]
        """A search for each inverse temperature."""
        return len(self.betas)

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        found: dict[int, Found] = {}
        batches = list(self.batches(targets, victim, self.betas[i_try % len(self.betas)]))
        for members, batch in tqdm(batches, desc=f"{self.name} {i_try + 1}", unit="batch", disable=None):
            starts = self.starts([targets[k] for k in members], batch, i_try)
            best, steps = self.ascend(batch, starts)
            for k, row, n in zip(members, best, steps, strict=True):
                raw = np.zeros_like(targets[k].samples)
                n_seen = min(len(raw), len(row))
                raw[:n_seen] = row[:n_seen]
                found[k] = Found(raw=raw, queries=int(n))
        return [found[k] for k in range(len(targets))]

    @abstractmethod
    def ascend(self, batch: Batch, start: F32) -> tuple[F32, F32]:
        """The best perturbations (n, n_values) from `start`, and the evaluations that each cost (n,)."""

    def starts(self, targets: Sequence[Target], batch: Batch, i_try: int) -> F32:
        """Random perturbations (n, n_values) of full size."""
        noise = np.zeros_like(batch.clean)
        for row, target in zip(noise, targets, strict=True):
            draw = self.budget.noise(target.rng(self.seed, i_try), len(target.samples))
            n_seen = min(len(row), len(draw))
            row[:n_seen] = draw[:n_seen]
        return self.budget.onto(noise * batch.active, batch.sizes)

    def batches(self, targets: Sequence[Target], victim: Victim, beta: float) -> Iterator[tuple[list[int], Batch]]:
        """Indices and batches; clips of one length share a batch: padding would change what the model sees."""
        groups: dict[int, list[int]] = {}
        for k, target in enumerate(targets):
            groups.setdefault(victim.length(len(target.samples)), []).append(k)
        for n_values, members in groups.items():
            for first in range(0, len(members), self.batch):
                chosen = members[first : first + self.batch]
                yield chosen, self.batch_of([targets[k] for k in chosen], n_values, victim, beta)

    def batch_of(self, targets: Sequence[Target], n_values: int, victim: Victim, beta: float) -> Batch:
        """Stack clips, cut or padded to `n_values`."""
        rows = [fitted(target.samples, n_values) for target in targets]
        masks = [fitted(target.active().astype(np.float32), n_values) for target in targets]
        bounds = np.array([target.bounds for target in targets], dtype=np.float32)
        return Batch(
            clean=np.stack(rows),
            active=np.stack(masks),
            sizes=np.array([[self.budget.size(target)] for target in targets], dtype=np.float32),
            truth=np.array([target.label for target in targets]),
            bounds=(bounds[:, :1], bounds[:, 1:]),
            victim=victim,
            beta=beta,
            loss=self.loss,
        )

    def check_gradient(self, heights: Heights) -> None:
        """A flat model is no robust model.

        Raises
        ------
        AttackError : the gradient is zero on some clip that is not fooled yet
        """
        flat = ~heights.gradient.any(axis=1) & (heights.odds <= 0)
        if flat.any():
            got = f"zero on {flat.sum()} of {len(flat)} clips"
            raise AttackError(f"{self.name}: a gradient that is not zero wanted. Got {got} instead.")


def fitted(row: F32, n: int) -> F32:
    """Cut or padded with zeros to (n,)."""
    return np.pad(row[:n], (0, max(0, n - len(row))))
