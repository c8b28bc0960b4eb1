"""The jointly adaptive attack (Tramèr et al. 2020): another label, and the detector kept quiet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from trainer.attack.apgd import AutoPgd
from trainer.attack.gradient import Flags, Heights
from trainer.attack.loss import ADAPTIVE_ENOUGH
from trainer.attack.victim import CALM_P, Answer

__all__ = ["JointlyAdaptive"]


@dataclass(frozen=True, kw_only=True)
class JointlyAdaptive(AutoPgd):
    """Auto-PGD on the label, and on suspicion where it is beyond calm; a success has a `suspicion_p` above 0.05."""

    name: ClassVar[str] = "adaptive"
    loss: str = "adaptive"

    def succeeded(self, answer: Answer, label: int) -> bool:
        return answer.label != label and (answer.suspicion_p is None or answer.suspicion_p > CALM_P)

    def settled(self, heights: Heights) -> Flags:
        """Nothing beyond the loss's own end is worth a step."""
        settled: Flags = heights.loss >= ADAPTIVE_ENOUGH - 1e-6
        return settled
