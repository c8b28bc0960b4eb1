"""Work in processes of its own: one thread each, and gone when the command is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tqdm import std
from tqdm.auto import tqdm

from trainer.errors import TrainerError

__all__ = ["Workers", "workers"]

T = TypeVar("T")
ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""Two processes of many threads are slower than two of one, and sums in another order give another fit"""


class Workers:
    """Calls functions of a module, several at a time."""

    def __init__(self, executor: ProcessPoolExecutor, n_jobs: int) -> None:
        self._executor = executor
        self.n_jobs = n_jobs

    def each(self, what: str, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> list[T]:
        """The function's results for all arguments, in their order.

        Raises
        ------
        TrainerError : a worker was killed
        EdgeError : whatever the function raises
        """
        futures = [self._executor.submit(function, *args) for args in arguments]
        with _told_if_killed():
            return [future.result() for future in tqdm(futures, desc=what, unit="fit", disable=None)]

    def as_they_come(self, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> Iterator[T]:
        """The same, each result as soon as it is there."""
        futures = [self._executor.submit(function, *args) for args in arguments]
        with _told_if_killed():
            yield from (future.result() for future in as_completed(futures))


@contextmanager
def _told_if_killed() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise TrainerError(
            "workers that live wanted. Got one that was killed, perhaps for memory; the same command goes on where "
            "it was, with --jobs 1 in half the memory."
        ) from error


@contextmanager
def workers(n_jobs: int, log: Path) -> Iterator[Workers]:
    """So many processes; they end with the block, at once if it fails. What they say goes to the file `log`."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    # A library reads these when it is loaded, which in a child is before any function of ours is called.
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_begin, initargs=(log,))
    try:
        yield Workers(executor, n_jobs)
        executor.shutdown()
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        executor.shutdown(cancel_futures=True)
        raise
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _begin(log: Path) -> None:
    """In a new worker: leave the interrupt to the parent, and do not outlive it."""
    # The converter writes past Python, so the descriptors themselves are turned; an error still reaches the parent.
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Bars of several processes would write over each other.
    os.environ["TQDM_DISABLE"] = "1"
    # Their lock between processes is a semaphore that a worker which is ended would leave behind.
    std.tqdm.set_lock(threading.RLock())

    def follow() -> None:
        process = multiprocessing.parent_process()
        if process is not None:
            process.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
