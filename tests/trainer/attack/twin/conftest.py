"""A tiny bundle, and what it makes of three sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle, read_bundle
from edge.types import Trace, Window
from tests.tiny import LABELS, RATE_HZ, tiny_sound


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return read_bundle(tiny_bundle)


@pytest.fixture(scope="module")
def traces(bundle: Bundle) -> list[Trace]:
    rng = np.random.default_rng(5)
    n = bundle.pipeline.scalogram.n_samples
    return [
        bundle.pipeline.trace(Window(samples=tiny_sound(label, rng)[:n], rate_hz=RATE_HZ, start_s=0.0))
        for label in LABELS
    ]
