"""Workers that do everything here and now, and remember what they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from trainer.workers import Workers

__all__ = ["InProcess"]

T = TypeVar("T")


class InProcess(Workers):
    """One process, no pool."""

    def __init__(self) -> None:
        self.n_jobs = 1
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def each(self, what: str, function: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> list[T]:
        self.asked += [(what, args) for args in arguments]
        return [function(*args) for args in arguments]
