"""Scores of configurations on inner folds: every pair of folds is fitted once, for all chains that ask for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

import numpy as np

from trainer.config import TrainerConfig
from trainer.data import Dataset
from trainer.sweep.cache import Arrays, Cache
from trainer.sweep.keys import images_key, pair_keys
from trainer.sweep.search import OVERALL, InnerScore
from trainer.sweep.work import VIEWS, Task, make_images, score_pair, seconds_of
from trainer.workers import Workers

__all__ = ["Cell", "InnerFolds", "cells_of", "inner_score"]

Pair = tuple[int, int]
STEPS = ("images", "autoencoder", "descriptors", "codebook", "svm")


@dataclass(frozen=True, slots=True)
class Cell:
    """A fit without a pair of folds, scored on one of them."""

    pair: Pair
    scored: int


def cells_of(chain: int, folds: tuple[int, ...]) -> tuple[Cell, ...]:
    """What a chain may look at: with the outer fold f, every fit without {f, g}, scored on g and never on f."""
    if chain == OVERALL:
        return tuple(Cell(pair, fold) for pair in combinations(folds, 2) for fold in pair)
    return tuple(Cell((min(chain, g), max(chain, g)), g) for g in folds if g != chain)


class InnerFolds:
    """The scorer of the search."""

    def __init__(self, dataset: Dataset, cache: Cache, workers: Workers) -> None:
        self._dataset = dataset
        self._cache = cache
        self._workers = workers
        self._best: tuple[TrainerConfig, ...] = ()
        self._seconds: dict[str, dict[str, float]] = {step: {} for step in STEPS}
        """Step to the seconds that it took, by key"""

    def estimate_s(self, configs: Mapping[int, TrainerConfig]) -> float:
        """Mean seconds of each step so far, times how often it is still to be done, over the workers."""
        missing: dict[str, set[str]] = {step: set() for step in STEPS}
        for task in self._tasks(configs).values():
            for step, key in self._missing(task):
                missing[step].add(key)
        known = {step: fmean(found.values()) if found else 0.0 for step, found in self._seconds.items()}
        return sum(known[step] * len(keys) for step, keys in missing.items()) / self._workers.n_jobs

    def score(self, configs: Mapping[int, TrainerConfig]) -> dict[int, InnerScore]:
        """Fit what is not in the cache: first the images of all folds, then a task a pair."""
        tasks = self._tasks(configs)
        read = {key: self._cache.read("scores", key) for key in tasks}
        results = {key: result for key, result in read.items() if result is not None}
        missing = {key: task for key, task in tasks.items() if key not in results}
        self._make_images(missing)
        answers = self._workers.each("inner fits", score_pair, [(task,) for task in missing.values()])
        results |= zip(missing, answers, strict=True)
        minutes = self._new_seconds(configs, results) / 60
        return {
            chain: inner_score(
                {
                    cell: results[pair_keys(self._dataset, cell.pair, config).scores]
                    for cell in cells_of(chain, self._dataset.folds)
                },
                minutes,
            )
            for chain, config in configs.items()
        }

    def settle(self, configs: Mapping[int, TrainerConfig]) -> None:
        """Keep of what takes room only that of the best configurations."""
        self._best = tuple(configs.values())
        keys = [pair_keys(self._dataset, pair, config) for config in self._best for pair in self._all_pairs]
        images = [images_key(self._dataset, fold, config) for config in self._best for fold in self._dataset.folds]
        self._cache.prune("images", images)
        self._cache.prune("descriptors", [key.descriptors for key in keys])
        self._cache.prune("encodings", [key.encodings for key in keys])

    @property
    def _all_pairs(self) -> tuple[Pair, ...]:
        return tuple(combinations(self._dataset.folds, 2))

    def _tasks(self, configs: Mapping[int, TrainerConfig]) -> dict[str, Task]:
        """What these chains ask for, by key, so that the same fit is asked for once."""
        kept = {pair_keys(self._dataset, pair, config).descriptors for config in self._best for pair in self._all_pairs}
        tasks = {}
        for chain, config in configs.items():
            for pair in sorted({cell.pair for cell in cells_of(chain, self._dataset.folds)}):
                keys = pair_keys(self._dataset, pair, config)
                keep = keys.descriptors in kept
                tasks[keys.scores] = Task(self._cache, self._dataset, config, pair, keep_descriptors=keep)
        return tasks

    def _missing(self, task: Task) -> Iterator[tuple[str, str]]:
        """(step, key) of everything that a task has still to do."""
        keys = pair_keys(self._dataset, task.pair, task.config)
        if self._cache.has("scores", keys.scores):
            return
        yield "svm", keys.scores
        if self._cache.has("encodings", keys.encodings):
            return
        yield "codebook", keys.encodings
        if self._cache.has("descriptors", keys.descriptors):
            return
        yield "descriptors", keys.descriptors
        if task.config.denoise.place != "off" and not self._cache.has("autoencoders", keys.denoise):
            yield "autoencoder", keys.denoise
        for fold in self._dataset.folds:
            key = images_key(self._dataset, fold, task.config)
            if not self._cache.has("images", key):
                yield "images", key

    def _make_images(self, tasks: Mapping[str, Task]) -> None:
        """The images that the tasks need and nobody has; a worker that needs them finds them."""
        wanted = {
            images_key(self._dataset, fold, task.config): (self._cache, self._dataset, fold, task.config)
            for task in tasks.values()
            if any(step == "descriptors" for step, _ in self._missing(task))
            for fold in self._dataset.folds
        }
        self._workers.each("images", make_images, list(wanted.values()))

    def _new_seconds(self, configs: Mapping[int, TrainerConfig], results: Mapping[str, Arrays]) -> float:
        """Seconds of the steps that no candidate before needed, as they took when they were made."""
        found = {
            ("images", images_key(self._dataset, fold, config))
            for config in configs.values()
            for fold in self._dataset.folds
        }
        taken = {name: seconds_of(self._cache, name[1]) for name in found}
        for key, result in results.items():
            steps = (step for step in STEPS if f"seconds.{step}" in result)
            taken |= {(step, key): float(result[f"seconds.{step}"]) for step in steps}
        new = {(step, key): seconds for (step, key), seconds in taken.items() if key not in self._seconds[step]}
        for (step, key), seconds in new.items():
            self._seconds[step][key] = seconds
        return sum(new.values())


def inner_score(cells: Mapping[Cell, Arrays], minutes: float) -> InnerScore:
    """Means over the cells; the error from the spread of the pairs' criteria."""
    clean, noisy = ([float(result[f"{view}.{cell.scored}"].mean()) for cell, result in cells.items()] for view in VIEWS)
    of_pair = defaultdict(list)
    for cell, a, b in zip(cells, clean, noisy, strict=True):
        of_pair[cell.pair].append((a + b) / 2)
    criteria = [fmean(values) for values in of_pair.values()]
    return InnerScore(
        clean=fmean(clean),
        noisy=fmean(noisy),
        criterion=fmean(criteria),
        error=float(np.std(criteria, ddof=1) / np.sqrt(len(criteria))),
        minutes=minutes,
    )
