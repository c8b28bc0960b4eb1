"""Errors reach another process as they are."""

from __future__ import annotations

import pickle

from edge.errors import StageError


def test_a_stage_error_survives_the_way_between_processes() -> None:
    error = StageError("gate", wanted="finite samples", got=(3, 4))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is StageError
    assert (str(again), again.stage) == (str(error), "gate")
