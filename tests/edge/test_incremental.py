"""Cached columns: the verdicts of a stream are those of its windows one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.bundle import Bundle, read_bundle
from edge.framing import Framer, windows_of
from edge.golden import golden_values
from edge.incremental import Columns, Incremental
from edge.stages.scalogram import MorletScalogram
from edge.types import Verdict, Window

RATE_HZ = 16000
SCALOGRAM = MorletScalogram(
    rate_hz=RATE_HZ, window_s=5.0, n_bands=64, min_hz=40, max_hz=7600, omega0=6, hop_s=0.05, split_hz=250
)
NEAR_DB = 0.001
"""Rounding alone: both paths use the same transform on other lengths"""


def sound(seed: int, seconds: float) -> np.ndarray:
    """Noise that swells, a low hum, and clicks at random places: loud and soft, long and short."""
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * RATE_HZ)
    t = np.arange(n_samples) / RATE_HZ
    samples = 0.02 * rng.standard_normal(n_samples) * (1 + np.sin(2 * np.pi * rng.uniform(0.1, 2) * t))
    samples += 0.1 * np.sin(2 * np.pi * rng.uniform(41, 80) * t)
    samples[rng.integers(0, n_samples, size=5)] += 0.9
    return np.asarray(samples, dtype=np.float32)


def largest_difference(columns: Columns, window: Window) -> float:
    """Over the cells down to 40 dB below the peak."""
    wanted = SCALOGRAM(window)
    heard = wanted.level_db > wanted.peak_db - 40
    return float(np.abs(columns(window).level_db - wanted.level_db)[heard].max())


@pytest.mark.parametrize("hop_s", [0.05, 0.25, 1.0, 2.0, 4.0])
def test_moved_columns_are_those_of_the_whole_window(hop_s: float) -> None:
    columns = Columns(SCALOGRAM)
    windows = list(windows_of(sound(1, 12), rate_hz=RATE_HZ, window_s=5.0, hop_s=hop_s))
    assert max(largest_difference(columns, window) for window in windows) < NEAR_DB


def test_only_the_new_stretch_is_transformed(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    transform = MorletScalogram.__call__

    def counted(self: MorletScalogram, window: Window, /) -> object:
        lengths.append(self.n_frames)
        return transform(self, window)

    monkeypatch.setattr(MorletScalogram, "__call__", counted)
    columns = Columns(SCALOGRAM)
    for window in windows_of(sound(2, 8), rate_hz=RATE_HZ, window_s=5.0, hop_s=1.0):
        columns(window)
    assert lengths == [100, 36, 36, 36]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), steps=st.lists(st.sampled_from([0.05, 0.3, 1.0, 1.013, 7.0]), min_size=1, max_size=5))
def test_any_order_of_windows(seed: int, steps: list[float]) -> None:
    """Regular hops, odd ones, gaps, and another sound that pretends to go on: never another image."""
    columns = Columns(SCALOGRAM)
    rng = np.random.default_rng(seed)
    samples = sound(seed, 5 + sum(steps))
    start = 0
    for step in [0.0, *steps]:
        start += round(step * RATE_HZ)
        piece = samples[start : start + 5 * RATE_HZ]
        if rng.random() < 0.2:
            piece = piece[::-1].copy()
        assert largest_difference(columns, Window(piece, RATE_HZ, start / RATE_HZ)) < NEAR_DB


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), blocks=st.lists(st.integers(1, 20_000), min_size=1, max_size=8))
def test_any_chunking_gives_the_verdicts_of_its_windows(tiny_bundle: Path, seed: int, blocks: list[int]) -> None:
    bundle = read_bundle(tiny_bundle)
    samples = sound(seed, 4)
    framer = Framer(rate_hz=RATE_HZ, window_s=bundle.window_s, hop_s=bundle.hop_s)
    judge = bundle.judge()
    found: list[Verdict] = []
    start = 0
    while start < len(samples):
        n_block = blocks[len(found) % len(blocks)]
        found.extend(judge(window) for window in framer.push(samples[start : start + n_block]))
        start += n_block
    wanted = [bundle.pipeline(window) for window in plain_windows(bundle, samples)]
    assert [verdict.label for verdict in found] == [verdict.label for verdict in wanted]
    near = bundle.manifest["tolerance"]["probabilities"]
    for one, other in zip(found, wanted, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=near)
        assert one.start_s == other.start_s


def test_every_intermediate_is_within_the_bundles_tolerance(tiny_bundle: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    pipeline, columns = bundle.pipeline, Columns(bundle.pipeline.scalogram)
    for window in plain_windows(bundle, sound(3, 6)):
        found = golden_values(pipeline.from_scalogram(window, columns(window)))
        for name, value in golden_values(pipeline.trace(window)).items():
            np.testing.assert_allclose(found[name], value, rtol=0, atol=bundle.manifest["tolerance"][name])


def test_a_window_that_the_gate_stops_is_not_transformed(tiny_bundle: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    judge = Incremental(replace(bundle.pipeline, scalogram=SCALOGRAM))
    silent = Window(np.zeros(7, dtype=np.float32), RATE_HZ, 0.0)
    assert judge(silent).reason == "silence"


def plain_windows(bundle: Bundle, samples: np.ndarray) -> list[Window]:
    return list(windows_of(samples, rate_hz=RATE_HZ, window_s=bundle.window_s, hop_s=bundle.hop_s))
