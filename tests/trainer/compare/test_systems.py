"""One contract for every system of the comparison, on made sounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigError
from tests.tiny import LABELS, TINY, tiny_sound
from trainer.baselines.base import Baseline, System
from trainer.baselines.network import NetworkConfig, fit_network
from trainer.compare.ours import Pipeline
from trainer.compare.systems import DEFAULT, SYSTEMS, chosen
from trainer.data import load_dataset

OURS = tuple(name for name, system in SYSTEMS.items() if isinstance(system, Pipeline))
OTHERS = tuple(name for name in SYSTEMS if name not in OURS)


def system_of(name: str) -> System:
    """The system; a network with a short training."""
    system = SYSTEMS[name]
    if not isinstance(system, Baseline) or not name.startswith("cnn"):
        return system
    return replace(
        system,
        fit_head=lambda learnt, n_classes, config, folder: fit_network(
            learnt, n_classes, NetworkConfig(n_epochs=40, batch=4), config.seed, folder
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OTHERS, "without_svd_dae"])
def test_contract(name: str, tiny_dataset: Path, tmp_path: Path) -> None:
    training, system = load_dataset(tiny_dataset).only_folds([1, 2]), system_of(name)
    fitted = system.fit(training, TINY, tmp_path / "one")
    assert fitted.train_clips == {clip.sha256 for clip in training.clips}
    assert fitted.n_parameters > 0
    assert fitted.n_bytes > 0
    read = system.read(TINY, tmp_path / "one")
    # The networks differ in their pictures alone: one of them is trained twice.
    again = read if name in ("cnn_logmel", "cnn_scalogram_noise") else system.fit(training, TINY, tmp_path / "two")
    assert again.n_bytes == fitted.n_bytes
    rng = np.random.default_rng(99)
    right = 0
    for label in LABELS:
        for seconds in (2.0, 0.7, 3.3):
            samples = tiny_sound(label, rng, seconds)
            before = samples.copy()
            samples.flags.writeable = False
            said = fitted.judge(samples)
            np.testing.assert_array_equal(samples, before)
            assert said in LABELS
            assert said == read.judge(samples) == again.judge(samples)
            right += said == label
    assert right >= 6


def test_every_variant_changes_the_configuration_and_nothing_twice() -> None:
    changed = {name: system.change(TINY) for name, system in SYSTEMS.items() if isinstance(system, Pipeline)}
    assert changed.pop("full") == TINY
    assert TINY not in changed.values()
    assert len(set(changed.values())) == len(changed)
    both = changed["without_svd_dae"]
    assert (both.lowrank.rank, both.denoise.place) == (0, "off")
    assert replace(both, lowrank=TINY.lowrank, denoise=TINY.denoise) == TINY


def test_names() -> None:
    assert all(name == system.name for name, system in SYSTEMS.items())
    assert set(DEFAULT) < set(SYSTEMS)
    assert chosen(None) == DEFAULT
    assert chosen(["svm_stft", "full", "svm_stft"]) == ("full", "svm_stft")
    with pytest.raises(ConfigError, match=r"--systems must be among full, .*cnn_logmel.* Got forrest instead"):
        chosen(["full", "forrest"])
