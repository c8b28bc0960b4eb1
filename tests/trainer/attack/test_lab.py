"""From rows to figures: what the worst case counts, which attack is broken, what the detector is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.attack.toy import Toy, toy_targets
from trainer.attack.lab import Lab, Row, gates, worst_case, worst_suspicion
from trainer.attack.run import some_of_each
from trainer.data import Clip, Dataset


def row(name: str, snr_db: float, fooled: list[int], *, noise: float = 0.0, suspicion: float = 0.5) -> Row:
    """Clean suspicion is 0.1, 0.2, …"""
    clean = 0.1 * np.arange(1, len(fooled) + 1)
    return Row(
        name=name,
        config="",
        snr_db=snr_db,
        fooled=np.array(fooled, dtype=bool),
        queries=np.arange(len(fooled)),
        suspicion=np.stack([np.full(len(fooled), suspicion), clean], axis=1),
        random_twin={"fooled": {"value": noise}},
    )


def test_worst_case_counts_every_attack_of_that_size_and_of_smaller_ones() -> None:
    rows = [row("fgsm", 40, [1, 0, 0, 0]), row("fgsm", 20, [0, 1, 0, 0]), row("square", 20, [0, 0, 1, 0])]
    found = worst_case(rows, 5)
    assert [(one["snr_db"], one["accuracy"]) for one in found] == [(40, 3 / 5), (20, 1 / 5)]


def test_gates_of_sound_attacks() -> None:
    found = gates([row("apgd", 30, [1, 1, 1, 0], noise=0.1), row("square", 30, [1, 0, 0, 0], noise=0.1)])
    assert {name: gate["passed"] for name, gate in found.items()} == {
        "white_box_beats_noise": True,
        "nothing_beats_white_box": True,
    }


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ([row("apgd", 30, [1, 0, 0, 0], noise=0.5)], "white_box_beats_noise"),
        ([row("apgd", 30, [1, 0, 0, 0]), row("square", 30, [1, 1, 0, 0])], "nothing_beats_white_box"),
        (
            [row("adaptive", 30, [1, 1, 1, 1]), row("fgsm", 30, [0] * 4), row("transfer-pgd", 30, [1, 1, 0, 0])],
            "nothing_beats_white_box",
        ),
    ],
)
def test_a_gate_trips(rows: list[Row], failed: str) -> None:
    assert not gates(rows)[failed]["passed"]


def test_what_was_not_run_has_no_gate() -> None:
    assert gates([row("square", 30, [1, 0])]) == {}


def test_the_attacker_chooses_what_the_detector_is_worth() -> None:
    rows = [row("apgd", 30, [1] * 4, suspicion=0.9), row("fgsm", 20, [1] * 4, suspicion=0.25)]
    found: dict[str, Any] = worst_suspicion([*rows, row("adaptive", 30, [1] * 4, suspicion=0.0)])
    assert found["auc"] == 0.5
    assert found["plain"]["attack"] == "fgsm"
    assert found["auc_adaptive"] == 0.0
    assert worst_suspicion(rows)["auc_adaptive"] is None


def test_clips_that_were_not_judged_have_no_suspicion() -> None:
    assert row("fgsm", 30, [1, 0], suspicion=np.nan).separation() is None


def test_a_row_of_the_lab_names_its_attack_and_its_control() -> None:
    toy = Toy()
    targets = tuple(toy_targets())
    lab = Lab(toy.victim, targets, tuple(toy.judge(target.samples) for target in targets), seed=0)
    found = lab.row("fgsm", 3.0, 10).to_json()
    assert found["config"].startswith("Fgsm(budget=Snr(db=3.0), seed=0")
    assert found["n"] == len(targets)
    assert found["fooled"] > found["random_twin"]["fooled"]["value"]
    asked = toy.n_asked
    lab.random_twin(3.0)
    assert toy.n_asked == asked, "noise of one size is measured once"


def test_some_clips_of_each_class_in_turn() -> None:
    clips = tuple(Clip(Path(f"{label}{i}"), label, 1, f"{label}{i}") for label in "abc" for i in range(3))
    dataset = Dataset(Path(), ("a", "b", "c"), clips)
    assert [clip.path.name for clip in some_of_each(dataset, 4).clips] == ["a0", "a1", "b0", "c0"]
    assert some_of_each(dataset, None) is dataset
    assert len(some_of_each(dataset, 99).clips) == 9
