"""The attacks that a command can name, each built from a budget, a seed and the queries that it may ask."""

from __future__ import annotations

from collections.abc import Callable

from trainer.attack.adaptive import JointlyAdaptive
from trainer.attack.apgd import AutoPgd
from trainer.attack.base import Attack
from trainer.attack.bim import Bim
from trainer.attack.budget import Budget
from trainer.attack.carlini_wagner import CarliniWagner
from trainer.attack.fgsm import Fgsm
from trainer.attack.hopskipjump import HopSkipJump
from trainer.attack.nes import Nes
from trainer.attack.pgd import Pgd
from trainer.attack.square import Square

__all__ = ["ADAPTIVE", "ATTACKS", "QUERY", "TRANSFER", "WHITE"]

Build = Callable[[Budget, int, int], Attack]

BETAS = (10.0, 4.0, 1.0)
"""Inverse temperatures that simple attacks try in turn; Auto-PGD has its own, longer list"""
TRANSFER = "transfer-pgd"
"""PGD on a stand-in: it never sees the bundle, and needs a network of its own"""
ADAPTIVE = "adaptive"
"""Its figure is of another kind: label and detector at once"""
WHITE: dict[str, Build] = {
    "fgsm": lambda budget, seed, _: Fgsm(budget=budget, seed=seed, betas=BETAS),
    "bim": lambda budget, seed, _: Bim(budget=budget, seed=seed, betas=BETAS),
    "pgd": lambda budget, seed, _: Pgd(budget=budget, seed=seed, betas=BETAS),
    "apgd": lambda budget, seed, _: AutoPgd(budget=budget, seed=seed),
    "cw": lambda budget, seed, _: CarliniWagner(budget=budget, seed=seed),
    ADAPTIVE: lambda budget, seed, _: JointlyAdaptive(budget=budget, seed=seed),
}
"""Through the twin"""
QUERY: dict[str, Build] = {
    "square": lambda budget, seed, queries: Square(budget=budget, seed=seed, queries=queries),
    "nes": lambda budget, seed, queries: Nes(budget=budget, seed=seed, queries=queries),
    "hopskipjump": lambda budget, seed, queries: HopSkipJump(budget=budget, seed=seed, queries=queries),
}
"""By questions to the deployed program"""
ATTACKS = (*WHITE, *QUERY, TRANSFER)
"""All names"""
