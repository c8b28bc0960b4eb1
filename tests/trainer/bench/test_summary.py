from __future__ import annotations

import pytest

from trainer.bench.summary import slope, summary


def test_what_both_runs_pay_once_cancels() -> None:
    start, per_hop = 500.0, 3.0
    assert slope((10, start + 10 * per_hop), (30, start + 30 * per_hop)) == per_hop


@pytest.mark.parametrize("long", [10, 9])
def test_the_second_run_is_the_longer_one(long: float) -> None:
    with pytest.raises(ValueError, match=f"longer than 10 wanted. Got {long} instead"):
        slope((10, 1.0), (long, 2.0))


def test_summary() -> None:
    assert summary([3.0, 1.0, 9.0]) == {"median": 3.0, "min": 1.0}
