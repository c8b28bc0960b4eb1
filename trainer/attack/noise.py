"""The random twin: what noise of the same size does, the control for every attack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from trainer.attack.base import Attack, Found
from trainer.attack.budget import Target
from trainer.attack.victim import Victim

__all__ = ["RandomNoise"]


@dataclass(frozen=True, kw_only=True)
class RandomNoise(Attack):
    """White noise over the active part of the clip: Gaussian at an SNR, of random signs at an L-inf budget."""

    name: ClassVar[str] = "noise"

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        del victim
        draws = [self.budget.noise(target.rng(self.seed, i_try), len(target.samples)) for target in targets]
        return [Found(raw=draw, queries=0) for draw in draws]
