"""From perturbed clips to figures: who is counted, what the control is, when the attack itself is broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.types import F32
from tests.trainer.sounds import RATE_HZ, tone_bundle, write_tone
from trainer.attack.base import Attack, Found
from trainer.attack.budget import Snr, Target, active_part, snr_db_of
from trainer.attack.lab import row_of_transfer, worst_case
from trainer.attack.run import summary, without_silence
from trainer.attack.transfer import Outcome, confirm, write_clips
from trainer.attack.twin import Signs
from trainer.attack.victim import Answer, Victim
from trainer.data import Dataset, load_dataset
from trainer.errors import AttackError

MakeDataset = Callable[..., Path]


@dataclass(frozen=True, kw_only=True)
class OtherTone(Attack):
    """Adds the other class's tone: fools anything that listens for tones, where noise does not."""

    def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
        tones = {0: 200.0, 1: 800.0}
        waves = [np.sin(2 * np.pi * tones[t.label] * np.arange(len(t.samples)) / RATE_HZ) for t in targets]
        return [Found(raw=wave.astype(np.float32), queries=0) for wave in waves]


def low_or_high(samples: F32) -> Answer:
    """Says low (1) when there are few zero crossings, as the fake bundle does."""
    low = int(np.mean(np.diff(np.signbit(samples))) * RATE_HZ / 2 <= 400)
    return Answer(low, np.eye(2, dtype=np.float32)[low], None, None)


def no_signs(samples: object, beta: object) -> Signs:
    raise AssertionError("an attack that knows no gradient asked for one")


STAND_IN = Victim(signs=no_signs, judge=low_or_high, length=lambda n: n)


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    """Two folds of two classes; one low clip sounds high, so it is wrong before any attack."""
    root = make_dataset(seconds=1.0)
    write_tone(root / "001 - Low tone" / "4-99-A.wav", hertz=900, seed=99)
    return load_dataset(root).only_folds([3, 4])


@pytest.fixture
def outcome(dataset: Dataset, tmp_path: Path) -> Outcome:
    return confirm(tone_bundle(tmp_path), dataset, OtherTone(budget=Snr(db=-6.0)), STAND_IN, n_twins=3)


def test_fooled_counts_only_clips_that_were_right(outcome: Outcome) -> None:
    figures = outcome.to_json()
    assert figures["clean"]["accuracy"] == 4 / 5
    # Four times the tone's power moves the crossings of low clips up, and of high clips down.
    assert figures["fooled"]["n"] == 4
    assert figures["fooled"]["k"] >= 2


def test_twin_has_the_same_size_and_every_draw_counts(outcome: Outcome) -> None:
    figures = outcome.to_json()
    assert figures["random_twin"]["draws"] == 3
    assert len(outcome.twins) == 3
    assert figures["snr_db"]["min"] == pytest.approx(-6.0, abs=0.01)
    assert figures["snr_db"]["max"] == pytest.approx(-6.0, abs=0.01)


def test_suspicion_compares_the_same_clips(outcome: Outcome) -> None:
    suspicion = outcome.to_json()["suspicion"]
    assert suspicion["n"] == 5
    for name in ("attacked_against_clean", "attacked_against_random", "random_against_clean"):
        low, high = suspicion[name]["roc_auc"]["ci95"]
        assert 0 <= low <= suspicion[name]["roc_auc"]["value"] <= high <= 1


def test_gates_tell_a_broken_attack(dataset: Dataset, tmp_path: Path) -> None:
    harmless = confirm(tone_bundle(tmp_path), dataset, OtherTone(budget=Snr(db=40.0)), STAND_IN, n_twins=1)
    assert harmless.to_json()["gates"] == {"surrogate_falls": False, "attack_beats_random_on_surrogate": False}


def test_json_and_text(outcome: Outcome) -> None:
    figures = outcome.to_json()
    assert json.loads(json.dumps(figures, allow_nan=False))["attack"] == "OtherTone(budget=Snr(db=-6.0), seed=0)"
    row = row_of_transfer(outcome, -6.0, [0, 1, 2, 3])
    text = summary(
        {
            "train_clips": True,
            "folds": [3, 4],
            "clean": figures["clean"],
            "attacks": [row.to_json()],
            "worst_case": worst_case([row], 5),
            "transfer": [figures],
            "gates": {"surrogate_falls": {"passed": False, "value": 0.0}},
        }
    )
    assert text.startswith("INCLUDES TRAINING CLIPS")
    assert "by noise" in text
    assert "suspicion, attacked against clean" in text
    assert text.endswith("GATE FAILED: surrogate_falls")


def test_silent_clips_are_left_out_by_name(make_dataset: MakeDataset) -> None:
    root = make_dataset(seconds=1.0)
    soundfile.write(root / "001 - Low tone" / "1-10-A.wav", np.zeros(RATE_HZ), RATE_HZ)
    sounding, silent = without_silence(load_dataset(root), rate_hz=RATE_HZ)
    assert silent == ["1-10-A.wav"]
    assert len(sounding.clips) == 7
    for path in root.glob("*/*.wav"):
        soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ)
    with pytest.raises(AttackError, match="Got 8 silent clips instead"):
        without_silence(load_dataset(root), rate_hz=RATE_HZ)


def test_written_clips_are_what_was_judged(outcome: Outcome, dataset: Dataset, tmp_path: Path) -> None:
    write_clips(tmp_path / "out", dataset, outcome, rate_hz=RATE_HZ)
    files = sorted((tmp_path / "out").glob("*/*.wav"))
    assert len(files) == 5
    for file, clip, perturbed in zip(files, dataset.clips, outcome.perturbed, strict=True):
        samples, rate_hz = soundfile.read(file, dtype="float32")
        assert rate_hz == RATE_HZ
        np.testing.assert_array_equal(samples, perturbed.samples)
        clean, _ = soundfile.read(clip.path, dtype="float32")
        assert snr_db_of(clean, samples, active_part(clean, RATE_HZ)) == pytest.approx(-6.0, abs=0.01)
