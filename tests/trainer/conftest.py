"""Small synthetic data sets, made where the test runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.sounds import write_tone


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """A folder of class folders with names in the ESC form: 4 folds, n_per_fold clips a class and fold."""

    def make(
        classes: tuple[str, ...] = ("001 - Low tone", "002 - High tone"), *, n_per_fold: int = 1, seconds: float = 0.3
    ) -> Path:
        root = tmp_path / "sounds"
        for i_class, name in enumerate(classes):
            for fold in range(1, 5):
                for i in range(n_per_fold):
                    number = 1000 * i_class + 10 * fold + i
                    write_tone(
                        root / name / f"{fold}-{number}-A.wav", hertz=200 * 4**i_class, seed=number, seconds=seconds
                    )
        return root

    return make
