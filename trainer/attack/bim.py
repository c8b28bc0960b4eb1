"""The basic iterative method (Kurakin et al. 2017): small steps from the clean clip, no randomness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.types import F32
from trainer.attack.budget import Target
from trainer.attack.gradient import Batch
from trainer.attack.pgd import Pgd

__all__ = ["Bim"]


@dataclass(frozen=True, kw_only=True)
class Bim(Pgd):
    """Steps of one length, each brought back onto the budget."""

    name: ClassVar[str] = "bim"
    n_steps: int = 40
    n_restarts: int = 1

    def starts(self, targets: Sequence[Target], batch: Batch, i_try: int) -> F32:
        del targets, i_try
        return np.zeros_like(batch.clean)
