"""Transfer: perturb a stand-in that can be differentiated, and hope that the deployed program falls with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trainer.attack.base import Attack, Found
from trainer.attack.budget import Target
from trainer.attack.pgd import Pgd
from trainer.attack.victim import Victim

__all__ = ["Transfer"]


@dataclass(frozen=True, kw_only=True)
class Transfer(Attack):
    """PGD on `source`; the deployed program is asked once."""

    name: ClassVar[str] = "transfer"
    source: Victim = field(repr=False)
    n_steps: int = 60
    n_restarts: int = 2

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        del victim
        inner = Pgd(
            budget=self.budget, seed=self.seed + i_try, n_steps=self.n_steps, n_restarts=self.n_restarts, betas=(0.0,)
        )
        found = inner.perturb(targets, self.source)
        return [Found(raw=one.samples - target.samples, queries=0) for one, target in zip(found, targets, strict=True)]
