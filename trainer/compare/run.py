"""The whole comparison: every system on every fold, over some processes, then cost, figures, table and picture."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from trainer.compare.cost import measure_cost
from trainer.compare.results import figures_of
from trainer.compare.systems import SYSTEMS
from trainer.compare.task import CLEAN, FoldResult, Task
from trainer.conditions import CONDITIONS
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_apart, check_trainable, read_clip
from trainer.errors import DatasetError
from trainer.workers import workers

__all__ = ["compare"]

log = logging.getLogger(__name__)

WHITE = tuple(condition.name for condition in CONDITIONS if condition.noise == "white")
N_TIMED = 4
"""Held-out clips that are timed"""


def compare(
    dataset: Dataset,
    config: TrainerConfig,
    out: Path,
    *,
    systems: Sequence[str],
    bundles: Path | None,
    all_conditions: bool,
    jobs: int,
) -> dict[str, Any]:
    """Every system, each fold scored by one that was fitted on the others; what is finished in `out` is used again."""
    if len(dataset.folds) < 2:
        raise DatasetError(f"{dataset.root}: at least two folds wanted. Got {len(dataset.folds)} instead.")
    conditions = tuple(condition.name for condition in CONDITIONS) if all_conditions else WHITE
    tasks = [Task(name, fold, dataset, config, out, bundles, conditions) for name in systems for fold in dataset.folds]
    for task in tasks[: len(dataset.folds)]:
        check_trainable(task.training)
        check_apart({clip.sha256 for clip in task.training.clips}, task.held_out.clips, f"fold {task.fold}")
    found = {task: task.finished() for task in tasks}
    missing = [task for task, result in found.items() if result is None]
    log.info("%d of %d results are there already", len(tasks) - len(missing), len(tasks))
    results = [*(result for result in found.values() if result is not None), *perform(missing, jobs, out)]
    done = {(result.system, result.fold): result for result in results}
    by_system = {name: [done[name, fold] for fold in dataset.folds] for name in systems}
    figures = figures_of(by_system, (CLEAN, *conditions), timed(tasks, config))
    return figures | {
        "conditions": [CLEAN, *conditions],
        "folds": list(dataset.folds),
        "n_clips": len(dataset.clips),
        "labels": list(dataset.labels),
        "data_sha256": dataset.sha256,
        "seed": config.seed,
    }


def perform(tasks: Sequence[Task], jobs: int, out: Path) -> Iterator[FoldResult]:
    """Results as they come; what the workers say goes to `out/workers.log`.

    Raises
    ------
    TrainerError : a worker was killed
    """
    if not tasks:
        return
    out.mkdir(parents=True, exist_ok=True)
    with workers(jobs, out / "workers.log") as pool:
        for result in pool.as_they_come(perform_one, [(task,) for task in tasks]):
            right = sum(row.said[CLEAN] == row.label for row in result.told)
            log.info("%s, fold %d: %d of %d clean clips", result.system, result.fold, right, len(result.told))
            yield result


def perform_one(task: Task) -> FoldResult:
    """In the worker."""
    with threadpool_limits(limits=1):
        return task()


def timed(tasks: Sequence[Task], config: TrainerConfig) -> dict[str, float]:
    """Milliseconds a second of audio, of every system of the first fold, read back."""
    first = tasks[0]
    rate_hz = config.scalogram.rate_hz
    sounds = [read_clip(clip, rate_hz=rate_hz) for clip in first.held_out.clips[:N_TIMED]]
    fitted = {task.system: SYSTEMS[task.system].read(config, task.folder) for task in tasks if task.fold == first.fold}
    return measure_cost(fitted, sounds, rate_hz)
