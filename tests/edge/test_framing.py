"""Streaming is the definition: no chunking changes a window, a label or a score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.bundle import read_bundle
from edge.errors import StageError
from edge.framing import Framer, windows_of
from edge.types import Window
from tests.tiny import LABELS, tiny_sound


def framer() -> Framer:
    return Framer(rate_hz=100, window_s=2.0, hop_s=0.5)


@given(st.lists(st.integers(0, 400), max_size=20))
@settings(deadline=None)
def test_any_chunking_gives_the_same_windows(sizes: list[int]) -> None:
    samples = np.arange(sum(sizes), dtype=np.float32)
    one = list(windows_of(samples, rate_hz=100, window_s=2.0, hop_s=0.5)) if len(samples) else []
    stream = framer()
    many: list[Window] = []
    for block in np.split(samples, np.cumsum(sizes)[:-1]) if sizes else []:
        many.extend(stream.push(block))
    many.extend(stream.flush())
    assert [w.start_s for w in many] == [w.start_s for w in one]
    for a, b in zip(many, one, strict=True):
        np.testing.assert_array_equal(a.samples, b.samples)


@pytest.mark.parametrize(
    ("n", "starts"),
    [(1, [0.0]), (199, [0.0]), (200, [0.0]), (249, [0.0]), (250, [0.0, 0.5]), (330, [0.0, 0.5, 1.0])],
)
def test_windows_of_short_and_long_recordings(n: int, starts: list[float]) -> None:
    """Shorter than a window: padded with zeros to one. A tail shorter than a hop is not judged again."""
    windows = list(windows_of(np.ones(n, dtype=np.float32), rate_hz=100, window_s=2.0, hop_s=0.5))
    assert [w.start_s for w in windows] == starts
    assert all(w.samples.shape == (200,) for w in windows)
    assert windows[0].samples.sum() == min(n, 200)


def test_windows_are_read_only() -> None:
    window = next(iter(windows_of(np.ones(200, dtype=np.float32), rate_hz=100, window_s=2.0, hop_s=0.5)))
    with pytest.raises(ValueError, match="read-only"):
        window.samples[0] = 0


def test_refuses_stereo_and_a_hop_longer_than_the_window() -> None:
    with pytest.raises(StageError, match=r"mono block.*Got \(5, 2\) instead"):
        list(framer().push(np.zeros((5, 2), dtype=np.float32)))
    with pytest.raises(StageError, match="hop_s <= window_s"):
        Framer(rate_hz=100, window_s=1.0, hop_s=2.0)


@pytest.mark.parametrize("fixture", ["tiny_bundle", "tiny_orb_bundle"])
def test_any_chunking_gives_the_same_verdicts(fixture: str, request: pytest.FixtureRequest) -> None:
    bundle = read_bundle(Path(request.getfixturevalue(fixture)))
    rng = np.random.default_rng(3)
    samples = np.concatenate([tiny_sound(label, rng) for label in LABELS])
    rate_hz, window_s, hop_s = bundle.rate_hz, bundle.window_s, bundle.hop_s
    windows = windows_of(samples, rate_hz=rate_hz, window_s=window_s, hop_s=hop_s)
    whole = [bundle.pipeline(window) for window in windows]
    stream = Framer(rate_hz=rate_hz, window_s=window_s, hop_s=hop_s)
    cuts = np.sort(rng.integers(0, len(samples), size=40))
    chunked = [bundle.pipeline(window) for block in np.split(samples, cuts) for window in stream.push(block)]
    assert [v.label for v in chunked] == [v.label for v in whole]
    for a, b in zip(chunked, whole, strict=True):
        assert a.start_s == pytest.approx(b.start_s)
        assert a.scores == pytest.approx(b.scores, abs=1e-4)
        assert a.suspicion == pytest.approx(b.suspicion, abs=1e-4)
