"""The cost of a stream, and the choice of hop and first look for a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.bundle import read_bundle
from edge.busy_sound import SPARSE_S, sparse_sound
from edge.cost import Choice, ms_of_windows, suggest
from edge.errors import ConfigError

CHOICES = (
    Choice(0.5, gate=False, share=0.30),
    Choice(0.5, gate=True, share=0.20),
    Choice(1.0, gate=False, share=0.16),
    Choice(1.0, gate=True, share=0.09),
    Choice(2.0, gate=False, share=0.08),
)


@pytest.mark.parametrize(
    ("budget", "hop_s", "gate"),
    [(0.5, 0.5, False), (0.25, 0.5, True), (0.18, 1.0, False), (0.1, 1.0, True), (0.08, 2.0, False)],
)
def test_the_liveliest_that_fits_without_the_first_look_if_that_does(budget: float, hop_s: float, gate: bool) -> None:  # noqa: FBT001 - a parameter of the table
    best = suggest(reversed(CHOICES), budget)
    assert (best.hop_s, best.gate) == (hop_s, gate)


def test_a_budget_that_nothing_keeps_is_named() -> None:
    with pytest.raises(ConfigError, match=r"--budget of at least 8 % of a core wanted on this machine\. Got 1\."):
        suggest(CHOICES, 0.01)


def test_every_window_is_timed_but_the_first(tiny_bundle: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    sound = sparse_sound(bundle.rate_hz)
    assert len(sound) == SPARSE_S * bundle.rate_hz
    plain = ms_of_windows(bundle, sound, glance=False)
    assert len(plain) == (SPARSE_S - bundle.window_s) / bundle.hop_s
    assert min(plain) > 0
    assert sum(ms_of_windows(bundle, sound, glance=True)) < sum(plain)
