"""One contract, every attack, both kinds of budget: a new attack is tested the day it is born."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.trainer.attack.toy import CALM, Toy, toy_targets
from trainer.attack.adaptive import JointlyAdaptive
from trainer.attack.apgd import AutoPgd
from trainer.attack.base import Attack
from trainer.attack.bim import Bim
from trainer.attack.budget import Budget, Linf, Snr
from trainer.attack.carlini_wagner import CarliniWagner
from trainer.attack.fgsm import Fgsm
from trainer.attack.hopskipjump import HopSkipJump
from trainer.attack.nes import Nes
from trainer.attack.noise import RandomNoise
from trainer.attack.pgd import Pgd
from trainer.attack.square import Square
from trainer.attack.stand_in import Transfer

pytest.importorskip("tensorflow")

BUDGETS: list[Budget] = [Snr(db=8.0), Linf(limit=0.08)]
WHITE: dict[str, Callable[[Budget], Attack]] = {
    "fgsm": lambda budget: Fgsm(budget=budget),
    "bim": lambda budget: Bim(budget=budget, n_steps=10),
    "pgd": lambda budget: Pgd(budget=budget, n_steps=10, n_restarts=2),
    "apgd": lambda budget: AutoPgd(budget=budget, n_steps=20, betas=(4.0, 1.0)),
    "cw": lambda budget: CarliniWagner(budget=budget, n_steps=30),
    "adaptive": lambda budget: JointlyAdaptive(budget=budget, n_steps=20, betas=(4.0,)),
}
OTHERS: dict[str, Callable[[Budget], Attack]] = {
    "transfer": lambda budget: Transfer(budget=budget, source=Toy(sharpness=1.0).victim, n_steps=10, n_restarts=1),
    "square": lambda budget: Square(budget=budget, queries=150),
    "nes": lambda budget: Nes(budget=budget, queries=150),
    "nes-prior": lambda budget: Nes(budget=budget, queries=40, source=Toy(sharpness=1.0).victim),
    "hopskipjump": lambda budget: HopSkipJump(budget=budget, queries=300),
}
CONTROL: dict[str, Callable[[Budget], Attack]] = {"noise": lambda budget: RandomNoise(budget=budget)}
COUNTED = ("square", "nes", "nes-prior", "hopskipjump", "noise", "transfer")
"""Their queries are answers of the deployed program"""

every = pytest.mark.parametrize("name", [*WHITE, *OTHERS, *CONTROL])
budgets = pytest.mark.parametrize("budget", BUDGETS, ids=["snr", "linf"])


def made(name: str, budget: Budget) -> Attack:
    return (WHITE | OTHERS | CONTROL)[name](budget)


@every
@budgets
class TestContract:
    def test_budget_bounds_and_silence_are_kept(self, name: str, budget: Budget) -> None:
        targets = toy_targets()
        for target in targets:
            target.samples.flags.writeable = False
        for target, attempt in zip(targets, made(name, budget)(targets, Toy().victim), strict=True):
            change = attempt.perturbed.samples.astype(np.float64) - target.samples
            assert np.abs(attempt.perturbed.samples).max() <= 1.0
            assert not change[~target.active()].any()
            if isinstance(budget, Snr):
                power = np.sum(target.samples[target.active()].astype(np.float64) ** 2)
                assert 10 * np.log10(power / np.sum(change**2)) == pytest.approx(budget.db, abs=0.01)
            else:
                assert isinstance(budget, Linf)
                assert np.abs(change).max() == pytest.approx(budget.limit, rel=1e-3)

    def test_a_success_is_what_the_deployed_program_says(self, name: str, budget: Budget) -> None:
        targets = toy_targets()
        toy = Toy()
        for target, attempt in zip(targets, made(name, budget)(targets, toy.victim), strict=True):
            said = toy.judge(attempt.perturbed.samples)
            quiet = name != "adaptive" or (said.suspicion is not None and said.suspicion <= CALM)
            assert attempt.fooled == (said.label != target.label and quiet)
            np.testing.assert_array_equal(attempt.answer.probabilities, said.probabilities)

    def test_same_seed_same_attack_whatever_the_company(self, name: str, budget: Budget) -> None:
        targets = toy_targets()
        attack = made(name, budget)
        first, again = attack(targets, Toy().victim), attack(targets[:1], Toy().victim)
        # A batch of another size sums in another order; what that changes is far below the perturbation.
        atol = 0.0 if name in COUNTED else 0.02
        np.testing.assert_allclose(first[0].perturbed.samples, again[0].perturbed.samples, atol=atol)
        assert first[0].fooled == again[0].fooled

    def test_repr_is_the_configuration(self, name: str, budget: Budget) -> None:
        attack = made(name, budget)
        known = {type(attack).__name__: type(attack), "Snr": Snr, "Linf": Linf}
        hidden = {"source": attack.source} if isinstance(attack, Transfer | Nes) else {}
        rebuilt = eval(repr(attack).removesuffix(")") + ", **hidden)", {**known, "hidden": hidden})
        assert rebuilt == attack


@pytest.mark.parametrize("name", COUNTED)
def test_every_question_is_counted(name: str) -> None:
    toy = Toy()
    attempts = made(name, Snr(db=40.0))(toy_targets(), toy.victim)
    counted = sum(attempt.queries for attempt in attempts)
    # HopSkipJump asks once for the number of classes.
    assert toy.n_asked - counted in (0, len(attempts) if name == "hopskipjump" else 0)


@pytest.mark.parametrize("name", [*WHITE, *OTHERS])
def test_does_more_than_noise_of_the_same_size(name: str) -> None:
    """White noise is high, so no high tone sounds low for it."""
    targets = [target for target in toy_targets(12, lead_db=3.0) if target.label == 1]
    budget = Snr(db=3.0)
    by_noise = sum(attempt.fooled for attempt in RandomNoise(budget=budget)(targets, Toy().victim))
    fooled = sum(attempt.fooled for attempt in made(name, budget)(targets, Toy().victim))
    assert by_noise == 0
    assert fooled >= (5 if name in WHITE else 3)


@pytest.mark.parametrize("name", WHITE)
def test_no_gradient_is_an_error_not_robustness(name: str) -> None:
    import tensorflow as tf

    from trainer.attack.twin import Signs
    from trainer.errors import AttackError

    def flat(samples: Any, beta: Any) -> Signs:
        nothing = 0.0 * tf.reduce_sum(samples, axis=1)
        logits = tf.stack([nothing, nothing], axis=1) + tf.constant([[1.0, 0.0]])
        return Signs(logits, tf.nn.log_softmax(logits), nothing, nothing[:, None])

    victim = replace(Toy().victim, signs=flat)
    with pytest.raises(AttackError, match="a gradient that is not zero wanted"):
        made(name, Snr(db=20.0))(toy_targets(2)[:1], victim)


def test_the_adaptive_attack_is_quiet_where_the_plain_one_is_loud() -> None:
    """The shortest way from low to high makes the low tone softer, which the toy suspects."""
    targets = [target for target in toy_targets(8) if target.label == 0]
    loud = AutoPgd(budget=Snr(db=3.0), n_steps=40)(targets, Toy().victim)
    quiet = JointlyAdaptive(budget=Snr(db=3.0), n_steps=40)(targets, Toy().victim)
    assert all(attempt.fooled for attempt in loud)
    assert all(attempt.answer.suspicion > CALM for attempt in loud if attempt.answer.suspicion is not None)
    assert all(attempt.fooled for attempt in quiet)
    assert all(attempt.answer.suspicion <= CALM for attempt in quiet if attempt.answer.suspicion is not None)
