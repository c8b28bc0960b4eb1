"""A thread whose failure is not lost: the main thread sees it, raises it, and the supervisor restarts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

__all__ = ["Worker"]


class Worker(threading.Thread):
    """Runs one function; keeps the exception that ended it."""

    def __init__(self, name: str, work: Callable[[], None], *, ended: SimpleQueue[Any]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._ended = ended
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Work, then tell whoever waits on `ended`."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - handed on whole: the main thread raises it
            self.failure = error
        finally:
            self._ended.put(self.name)
