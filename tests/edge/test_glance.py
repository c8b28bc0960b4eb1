"""The first look: what is the same is held, what comes, goes or grows is judged, and nothing is held for ever."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle, read_bundle
from edge.framing import n_moved, windows_of
from edge.glance import Watch
from edge.incremental import MAX_HELD_S
from edge.types import Verdict, Window

RATE_HZ = 16000


def background(seconds: float, level: float = 0.01) -> np.ndarray:
    noise = level * np.random.default_rng(2).standard_normal(round(seconds * RATE_HZ))
    return noise.astype(np.float32)


def changes(samples: np.ndarray, *, window_s: float = 5.0, hop_s: float = 1.0) -> list[bool]:
    """Which windows show something new, when each that does is judged."""
    watch = Watch(rate_hz=RATE_HZ, floor_db=30.0)
    found = []
    for window in windows_of(samples, rate_hz=RATE_HZ, window_s=window_s, hop_s=hop_s):
        found.append(not watch(window))
        if found[-1]:
            watch.judged()
    return found


@pytest.mark.parametrize("hop_s", [0.25, 0.5, 1.0])
def test_steady_sound_is_judged_once(hop_s: float) -> None:
    found = changes(background(30), hop_s=hop_s)
    assert found[0]
    assert sum(found) <= 2


@pytest.mark.parametrize("kind", ["click", "tone", "pause"])
def test_what_comes_and_what_goes_is_judged_until_the_window_is_as_before(kind: str) -> None:
    samples = background(40)
    at = slice(20 * RATE_HZ, 20 * RATE_HZ + 800)
    if kind == "click":
        samples[at] += 0.1 * np.random.default_rng(3).standard_normal(800).astype(np.float32)
    elif kind == "tone":
        tone = 0.01 * np.sin(2 * np.pi * 3000 * np.arange(2 * RATE_HZ) / RATE_HZ)
        samples[20 * RATE_HZ : 22 * RATE_HZ] += tone.astype(np.float32)
    else:
        samples[20 * RATE_HZ : 22 * RATE_HZ] = 0.0
    found = changes(samples)
    first = 20 - 5 + 1
    assert all(found[first : first + 5])
    assert not any(found[first + 8 :])
    assert sum(found) < 12


def test_what_lies_below_the_floor_is_not_seen() -> None:
    """A loud hum raises the floor; 40 dB below it, a sound may come unseen, as in the path itself."""
    t = np.arange(30 * RATE_HZ) / RATE_HZ
    hum = 0.3 * np.sin(2 * np.pi * 100 * t)
    soft = 0.003 * np.sin(2 * np.pi * 3000 * t) * (t > 15)
    assert sum(changes((hum + soft).astype(np.float32))) == 1
    assert sum(changes((hum + 30 * soft).astype(np.float32))) > 1


def test_a_window_that_does_not_go_on_is_new() -> None:
    watch = Watch(rate_hz=RATE_HZ, floor_db=30.0)
    samples = background(20)
    for start_s in (0.0, 1.0):
        start = round(start_s * RATE_HZ)
        same = watch(Window(samples[start : start + 5 * RATE_HZ], RATE_HZ, start_s))
        watch.judged()
    assert same
    assert not watch(Window(samples[10 * RATE_HZ : 15 * RATE_HZ], RATE_HZ, 2.0))


def test_windows_that_go_on_are_told_by_their_samples() -> None:
    samples = background(10)
    first, later, other = (
        Window(samples[i : i + 100], RATE_HZ, start) for i, start in ((0, 0.0), (40, 40 / RATE_HZ), (41, 40 / RATE_HZ))
    )
    assert n_moved(first, later) == 40
    assert n_moved(first, other) is None
    assert n_moved(later, first) is None
    assert n_moved(None, first) is None


def judged(bundle: Bundle, samples: np.ndarray, *, glance: bool) -> tuple[list[Verdict], int]:
    judge = bundle.judge(glance=glance)
    windows = windows_of(samples, rate_hz=RATE_HZ, window_s=bundle.window_s, hop_s=bundle.hop_s)
    return [judge(window) for window in windows], judge.n_held


def test_a_held_verdict_is_the_last_one_at_its_own_time_and_level(tiny_bundle: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    samples = background(8)
    held, n_held = judged(bundle, samples, glance=True)
    plain, none = judged(bundle, samples, glance=False)
    assert none == 0
    assert n_held >= len(held) - 2
    assert [verdict.start_s for verdict in held] == [verdict.start_s for verdict in plain]
    assert [verdict.rms_dbfs for verdict in held] == [verdict.rms_dbfs for verdict in plain]
    assert {verdict.suspicion for verdict in held[1:]} <= {verdict.suspicion for verdict in plain}


def test_nothing_is_held_for_ever(tiny_bundle: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    held, n_held = judged(bundle, background(2 * MAX_HELD_S + 10), glance=True)
    walked = len(held) - n_held
    assert 3 <= walked <= 6
