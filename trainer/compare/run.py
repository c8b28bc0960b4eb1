"""The whole comparison: every system on every fold, over some processes, then cost, figures, table and picture."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from trainer.compare.cost import measure_cost
from trainer.compare.results import figures_of
from trainer.compare.systems import SYSTEMS
from trainer.compare.task import CLEAN, FoldResult, Task, check_apart
from trainer.conditions import CONDITIONS
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable, read_clip
from trainer.errors import DatasetError, TrainerError

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
    results = [*(result for result in found.values() if result is not None), *perform(missing, jobs)]
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


def perform(tasks: Sequence[Task], jobs: int) -> Iterator[FoldResult]:
    """Results as they come. Every worker has one thread, and TensorFlow is told so before it is loaded.

    Raises
    ------
    TrainerError : a worker was killed
    """
    context = multiprocessing.get_context("spawn")
    if not tasks:
        return
    level = logging.getLogger().level
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=start_worker, initargs=(level,)) as pool:
        try:
            waiting = [pool.submit(perform_one, task) for task in tasks]
            for future in as_completed(waiting):
                result = future.result()
                right = sum(row.said[CLEAN] == row.label for row in result.told)
                log.info("%s, fold %d: %d of %d clean clips", result.system, result.fold, right, len(result.told))
                yield result
        except BrokenProcessPool as error:
            raise TrainerError("compare: every worker alive wanted. Got one that was killed: memory?") from error
        finally:
            pool.shutdown(cancel_futures=True)


def start_worker(level: int) -> None:
    """What holds for all of a worker's life; its log is that of the command."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(name)s: %(message)s", force=True)
    logging.getLogger("tensorflow").setLevel(max(level, logging.WARNING))
    os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
    threading.Thread(target=end_with_parent, daemon=True).start()
    # tqdm's bars of several processes would write over each other.
    os.environ["TQDM_DISABLE"] = "1"


def end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


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
