"""One battery, every stage: a new stage is tested the day it is born."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from edge.errors import StageError
from tests.edge.stages.conftest import Case


def arrays_in(value: Any) -> list[np.ndarray]:
    """All arrays of a result, and its numbers as one."""
    if isinstance(value, np.ndarray):
        return [value]
    if is_dataclass(value):
        parts = [getattr(value, item.name) for item in fields(value)]
        return [array for part in parts for array in arrays_in(part)]
    return [np.array([value], dtype=np.float64)] if isinstance(value, float | int) else []


class TestStageContract:
    def test_is_pure(self, case: Case) -> None:
        array = case.array.copy()
        first = arrays_in(case.stage(case.make(array)))
        second = arrays_in(case.stage(case.make(array)))
        assert first
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(array, case.array)

    def test_accepts_read_only_input(self, case: Case) -> None:
        array = case.array.copy()
        array.flags.writeable = False
        assert arrays_in(case.stage(case.make(array)))

    def test_keeps_float32(self, case: Case) -> None:
        result = case.stage(case.make(case.array))
        arrays = [array for array in arrays_in(result) if array.ndim and array.size > 1]
        assert all(array.dtype == np.float32 for array in arrays)

    def test_survives_silence(self, case: Case) -> None:
        for array in arrays_in(case.stage(case.make(np.zeros_like(case.array)))):
            assert np.isfinite(array).all()

    def test_refuses_nan(self, case: Case) -> None:
        array = case.array.copy()
        array.flat[len(array) // 2] = np.nan
        with pytest.raises(StageError, match=r"finite.*Got NaN or infinity instead"):
            case.stage(case.make(array))

    def test_names_what_it_wanted(self, case: Case) -> None:
        with pytest.raises(StageError) as caught:
            case.stage(case.make(case.wrong))
        assert str(caught.value).startswith(f"{case.stage.name}: ")
        assert str(case.wrong.shape) in str(caught.value)

    def test_is_frozen(self, case: Case) -> None:
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            setattr(case.stage, fields(case.stage)[0].name, None)
