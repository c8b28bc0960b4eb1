"""Kills and outages with real processes; the long version is `make soak`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.outage import MOST_DUPLICATES, outage
from tests.mosquitto import Broker, running_broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker") as broker:
        yield broker


@pytest.mark.slow
def test_no_event_is_lost_or_invented_over_kills_and_outages(
    reference_bundle: Path, broker: Broker, tmp_path: Path
) -> None:
    tally = outage(tmp_path, reference_bundle, broker, n_kills=3, run_s=2.0, speed=40.0)
    print(tally)
    assert tally.lost == []
    assert tally.invented == []
    assert tally.n_received == tally.n_committed > 10
    assert tally.n_duplicates <= MOST_DUPLICATES * 2 * tally.n_kills
