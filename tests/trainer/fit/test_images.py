"""The images of a clip depend on the clip and the seed, not on the clips beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tiny import TINY
from trainer.data import load_dataset
from trainer.fit.images import build_front, read_images
from trainer.fit.seeds import rng_of


def test_images_of_some_folds_are_those_of_all_folds_without_the_others(tiny_dataset: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    front = build_front(TINY)
    some = read_images(dataset, front, TINY).only_folds([1, 3])
    alone = read_images(dataset.only_folds([1, 3]), front, TINY)
    np.testing.assert_array_equal(some.enhanced, alone.enhanced)
    np.testing.assert_array_equal(some.classes, alone.classes)
    np.testing.assert_array_equal(some.folds, alone.folds)
    assert {dataset.clips[i].fold for i in some.clips} == {1, 3}


@pytest.mark.parametrize("other", [(1, "a", "b"), (0, "a", "c"), (0, "ab"), (0, "a")])
def test_every_step_and_seed_has_random_numbers_of_its_own(other: tuple[int, str]) -> None:
    seed, *names = other
    assert rng_of(seed, *names).random() != rng_of(0, "a", "b").random() == rng_of(0, "a", "b").random()
