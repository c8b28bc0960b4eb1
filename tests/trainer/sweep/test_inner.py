"""Inner scores: each pair of folds fitted once, as `trainer fit` does, and no outer fold in its own choice."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from edge.types import Encoding
from tests.tiny import TINY
from tests.trainer.sweep.workers import InProcess
from trainer.config import TrainerConfig
from trainer.data import Dataset, load_dataset
from trainer.sweep.cache import Cache
from trainer.sweep.inner import Cell, InnerFolds, cells_of, inner_score
from trainer.sweep.keys import images_key, pair_keys
from trainer.sweep.search import OVERALL, Budget, Chain, search
from trainer.sweep.space import Candidate, Space, Stage
from trainer.sweep.work import Task, score_pair

OFF = replace(TINY, denoise=replace(TINY.denoise, place="off"))
SPACE = Space(
    (
        Stage("front end", (Candidate("floor", {"enhance": {"floor_db": 45.0}}, reference=False, where="here"),)),
        Stage("codebook", (Candidate("words", {"codebook": {"n_words": 4}}, reference=False, where="here"),)),
        Stage("svm", (Candidate("degree", {"svm": {"degree": 1}}, reference=False, where="here"),)),
    ),
    0.5,
)


@pytest.fixture(scope="module")
def dataset(tiny_dataset: Path) -> Dataset:
    return load_dataset(tiny_dataset)


def chains_of(dataset: Dataset, root: Path, workers: InProcess) -> dict[int, Chain]:
    scorer = InnerFolds(dataset, Cache(root), workers)
    return search(SPACE, OFF, (OVERALL, *dataset.folds), scorer, Budget(None))


@pytest.mark.parametrize("folds", [(1, 2, 3), (2, 3, 5, 7)])
def test_a_chain_sees_neither_fits_on_its_outer_fold_nor_scores_of_it(folds: tuple[int, ...]) -> None:
    for outer in folds:
        cells = cells_of(outer, folds)
        assert [cell.scored for cell in cells] == [fold for fold in folds if fold != outer]
        assert all(cell.pair == tuple(sorted((outer, cell.scored))) for cell in cells)
    n_pairs = len(folds) * (len(folds) - 1) // 2
    assert {cell.pair for fold in folds for cell in cells_of(fold, folds)} == set(combinations(folds, 2))
    assert len(cells_of(OVERALL, folds)) == 2 * n_pairs


def test_the_error_is_that_of_the_mean_over_pairs() -> None:
    def result(clean: float, noisy: float) -> dict[str, np.ndarray]:
        return {"clean.2": np.arange(10) < 10 * clean, "noisy.2": np.arange(10) < 10 * noisy}

    cells = {Cell((1, 2), 2): result(0.9, 0.7), Cell((2, 3), 2): result(1.0, 0.4)}
    score = inner_score(cells, 3.0)
    assert (score.clean, score.noisy, score.criterion) == pytest.approx((0.95, 0.55, 0.75))
    assert score.error == pytest.approx(np.std([0.8, 0.7], ddof=1) / np.sqrt(2))


def test_choices_do_not_depend_on_their_outer_fold(dataset: Dataset, tmp_path: Path) -> None:
    """Every label of fold 1 is made wrong: its own choice stays as it was, score for score, and the others do not."""

    def wrong(label: str) -> str:
        return dataset.labels[(dataset.labels.index(label) + 1) % len(dataset.labels)]

    clips = tuple(replace(clip, label=wrong(clip.label)) if clip.fold == 1 else clip for clip in dataset.clips)
    workers = InProcess()
    right = chains_of(dataset, tmp_path / "right", workers)
    mixed = chains_of(replace(dataset, clips=clips), tmp_path / "mixed", InProcess())

    def scores(chain: Chain) -> list[object]:
        return [(row.candidate, row.chosen, row.score and replace(row.score, minutes=0.0)) for row in chain.rows]

    assert scores(right[1]) == scores(mixed[1])
    assert right[1].config == mixed[1].config
    for number in (OVERALL, 2, 3):
        assert scores(right[number]) != scores(mixed[number])

    # Every pair of every configuration was asked for once, whatever the number of chains that wanted it.
    asked = [args[0] for what, args in workers.asked if what == "inner fits"]
    keys = [pair_keys(dataset, task.pair, task.config).scores for task in asked]
    assert len(set(keys)) == len(keys)
    assert [task.pair for task in asked[:3]] == [(1, 2), (1, 3), (2, 3)]
    assert all(task.config == OFF for task in asked[:3])

    # Once more: everything is there, nothing costs anything, and the rows are the same to the second.
    again = InnerFolds(dataset, Cache(tmp_path / "right"), InProcess())
    assert again.estimate_s({OVERALL: OFF}) == 0.0
    assert [chain.rows for chain in chains_of(dataset, tmp_path / "right", InProcess()).values()] == [
        chain.rows for chain in right.values()
    ]


# The inner fit holds itself to one thread, as `trainer.fit.run` does; the steps below would not by themselves.
@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]
def test_an_inner_fit_is_the_fit_on_the_other_folds(dataset: Dataset, tmp_path: Path) -> None:
    from trainer.fit.descriptor import build_descriptor
    from trainer.fit.images import build_front, read_images
    from trainer.fit.purified import purify_all
    from trainer.fit.steps import build_purifier, fit_denoise, fit_head, learnt_copies

    cache = Cache(tmp_path)
    result = score_pair(Task(cache, dataset, TINY, (1, 3), keep_descriptors=True))
    keys = pair_keys(dataset, (1, 3), TINY)
    found = cache.read("encodings", keys.encodings)
    assert found is not None

    front = build_front(TINY)
    images = read_images(dataset.only_folds([2]), front, TINY)
    denoise, _ = fit_denoise(images, front, TINY)
    purifier = build_purifier(front, denoise, TINY)
    describe = build_descriptor(TINY, front.scalogram)
    purified = purify_all(images, purifier, describe, learnt_copies(TINY))
    windows, labels = np.arange(len(images.classes)), np.arange(len(dataset.labels))
    head = fit_head(purified, windows, labels, TINY)
    codebook, svm = head.codebook, head.svm
    np.testing.assert_array_equal(found["learnt"], purified.encode(codebook, windows))

    held_out = read_images(dataset.only_folds([1]), front, TINY)
    rows = purify_all(held_out, purifier, describe, (0,), n_raw=0).rows[0]
    said = [int(svm(Encoding(codebook(row.purified).values, 0.0)).values.argmax()) for row in rows]
    assert result["clean.1"].tolist() == (np.array(said) == held_out.classes).tolist()
    assert {name for name in result if name.startswith("seconds.")} == {
        "seconds.autoencoder",
        "seconds.descriptors",
        "seconds.codebook",
        "seconds.svm",
    }

    # Lost scores and encodings are made again from what is left: no autoencoder is trained, and nothing changes.
    cache.prune("scores", ())
    (entry,) = (cache.root / "encodings").iterdir()
    entry.write_bytes(entry.read_bytes()[:-1])
    again = score_pair(Task(cache, dataset, TINY, (1, 3), keep_descriptors=True))
    assert {name for name in again if name.startswith("seconds.")} == {"seconds.codebook", "seconds.svm"}
    for name in ("clean.1", "noisy.1", "clean.3", "noisy.3"):
        np.testing.assert_array_equal(again[name], result[name])


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"enhance": {"floor_db": 40.0}}, ()),
        ({"augment": {"n_rooms": 0}}, ()),
        ({"scalogram": {"n_bands": 32}}, ()),
        ({"lowrank": {"rank": 4}}, ("images",)),
        ({"denoise": {"epochs": 3}}, ("images",)),
        ({"surf": {"level_weight": 0.1}}, ("images", "denoise")),
        ({"descriptor": "orb"}, ("images", "denoise")),
        ({"codebook": {"encoding": "bow"}}, ("images", "denoise", "descriptors")),
        ({"svm": {"degree": 1}}, ("images", "denoise", "descriptors", "encodings")),
        ({"orb": {"patch": 11}}, ("images", "denoise", "descriptors", "encodings", "scores")),
    ],
)
def test_a_key_changes_with_what_its_step_depends_on(
    changes: dict[str, dict[str, float]], same: tuple[str, ...], dataset: Dataset
) -> None:
    def keys(config: TrainerConfig) -> dict[str, str]:
        found = pair_keys(dataset, (1, 2), config)
        return {
            "images": images_key(dataset, 1, config),
            **{name: getattr(found, name) for name in ("denoise", "descriptors", "encodings", "scores")},
        }

    old, new = keys(TINY), keys(TINY.with_values(changes, ""))
    assert {name for name in old if old[name] == new[name]} == set(same)
