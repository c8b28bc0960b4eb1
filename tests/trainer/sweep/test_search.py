"""The staged choice on made-up scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from trainer.config import TrainerConfig
from trainer.sweep.search import Budget, InnerScore, Row, search
from trainer.sweep.space import Candidate, Space, Stage

BASE = TrainerConfig()
Rate = Callable[[int, TrainerConfig], float]
"""(chain, configuration) to the criterion"""


class Scorer:
    """Gives the scores it was told to, at a price on its own clock."""

    def __init__(self, rate: Rate, seconds: Callable[[TrainerConfig], float] = lambda config: 60.0) -> None:
        self.rate = rate
        self.seconds = seconds
        self.now = 0.0
        self.settled: list[dict[int, TrainerConfig]] = []

    def estimate_s(self, configs: Mapping[int, TrainerConfig]) -> float:
        return max(self.seconds(config) for config in configs.values())

    def score(self, configs: Mapping[int, TrainerConfig]) -> dict[int, InnerScore]:
        self.now += self.estimate_s(configs)
        return {
            chain: InnerScore(rate, rate, rate, 0.01, 1.0)
            for chain, config in configs.items()
            for rate in [self.rate(chain, config)]
        }

    def settle(self, configs: Mapping[int, TrainerConfig]) -> None:
        self.settled.append(dict(configs))


def stage(name: str, *costs: float, reference: bool = False) -> Stage:
    values = [Candidate(f"cost {cost:g}", {"svm": {"cost": cost}}, reference=reference, where="here") for cost in costs]
    return Stage(name, tuple(values))


def words(n_words: int) -> Stage:
    return Stage(
        "words", (Candidate(f"{n_words} words", {"codebook": {"n_words": n_words}}, reference=False, where="here"),)
    )


def rows_of(rows: list[Row]) -> list[tuple[str, bool, bool]]:
    return [(row.candidate, row.score is not None, row.chosen) for row in rows]


def by_cost(rates: Mapping[float, float]) -> Rate:
    return lambda chain, config: rates[config.svm.cost]


@pytest.mark.parametrize(
    ("rates", "cost"),
    [
        ({10.0: 0.90, 1.0: 0.905, 2.0: 0.80}, 10.0),
        ({10.0: 0.90, 1.0: 0.906, 2.0: 0.80}, 1.0),
        ({10.0: 0.90, 1.0: 0.92, 2.0: 0.93}, 2.0),
        ({10.0: 0.90, 1.0: 0.89, 2.0: 0.80}, 10.0),
    ],
    ids=["half a point is not enough", "a little more is", "the best of several", "none is better"],
)
def test_a_candidate_must_win_by_the_margin(rates: dict[float, float], cost: float) -> None:
    found = search(Space((stage("svm", 1.0, 2.0),), 0.5), BASE, (1,), Scorer(by_cost(rates)), Budget(None))
    assert found[1].config.svm.cost == cost
    assert [row.candidate for row in found[1].rows if row.chosen] == ["base"] + [f"cost {cost:g}"] * (cost != 10.0)


def test_stages_build_on_what_was_chosen_before() -> None:
    seen = []

    def rate(chain: int, config: TrainerConfig) -> float:
        seen.append((config.svm.cost, config.codebook.n_words))
        return 0.9 + 0.02 * (config.svm.cost == 1.0) + 0.02 * (config.codebook.n_words == 128)

    scorer = Scorer(rate)
    found = search(Space((stage("svm", 1.0, 2.0), words(128)), 0.5), BASE, (1,), scorer, Budget(None))
    assert seen == [(10.0, 64), (1.0, 64), (2.0, 64), (1.0, 128)]
    assert (found[1].config.svm.cost, found[1].config.codebook.n_words) == (1.0, 128)
    assert scorer.settled[0] == {1: BASE}
    assert scorer.settled[-1] == {1: found[1].config}


def test_every_chain_chooses_for_itself() -> None:
    def rate(chain: int, config: TrainerConfig) -> float:
        return 0.9 + 0.05 * (config.svm.cost == float(chain))

    found = search(Space((stage("svm", 1.0, 2.0),), 0.5), BASE, (1, 2, 3), Scorer(rate), Budget(None))
    assert [chain.config.svm.cost for chain in found.values()] == [1.0, 2.0, 10.0]


def test_a_reference_is_scored_and_never_chosen() -> None:
    rates = {10.0: 0.5, 1.0: 0.99}
    found = search(
        Space((stage("reference", 1.0, reference=True),), 0.5), BASE, (1,), Scorer(by_cost(rates)), Budget(None)
    )
    assert found[1].config == BASE
    assert rows_of(found[1].rows) == [("base", True, True), ("cost 1", True, False)]


def test_what_the_budget_has_no_time_for_is_not_tried_and_cheaper_ones_are() -> None:
    scorer = Scorer(by_cost({10.0: 0.5, 1.0: 0.6, 2.0: 0.7, 3.0: 0.8}), lambda c: 600.0 if c.svm.cost == 2.0 else 60.0)
    budget = Budget(5.0, clock=lambda: scorer.now)
    found = search(Space((stage("svm", 1.0, 2.0, 3.0),), 0.5), BASE, (1,), scorer, budget)
    assert rows_of(found[1].rows) == [
        ("base", True, True),
        ("cost 1", True, False),
        ("cost 2", False, False),
        ("cost 3", True, True),
    ]


def test_a_budget_that_is_spent_ends_the_search_even_for_what_costs_nothing() -> None:
    scorer = Scorer(by_cost({10.0: 0.5, 1.0: 0.9}), lambda config: 60.0 * (config == BASE))
    found = search(Space((stage("svm", 1.0),), 0.5), BASE, (1,), scorer, Budget(1.0, clock=lambda: scorer.now))
    assert rows_of(found[1].rows) == [("base", True, True), ("cost 1", False, False)]


def test_no_budget_at_all_leaves_the_base() -> None:
    scorer = Scorer(by_cost({}))
    found = search(Space((stage("svm", 1.0),), 0.5), BASE, (1, 2), scorer, Budget(0.0))
    assert [chain.config for chain in found.values()] == [BASE, BASE]
    assert rows_of(found[2].rows) == [("base", False, True), ("cost 1", False, False)]
