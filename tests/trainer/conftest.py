"""Small synthetic data sets, made where the test runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE_HZ = 16_000


def write_tone(path: Path, *, hertz: float, seed: int, seconds: float = 1.0) -> None:
    """A tone with a little noise, so that every seed gives another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal(len(t))
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * t) + 0.01 * noise, RATE_HZ)


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
                        root / name / f"{fold}-{number}-A.wav", hertz=200 * 3**i_class, seed=number, seconds=seconds
                    )
        return root

    return make
