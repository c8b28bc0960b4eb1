"""Verdicts as they come: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from edge.demo.tally import Heard

__all__ = ["Show", "show"]

ROWS = 14
COLUMNS = ("second", "label", "confidence", "suspicion", "suspicion p", "level dBFS", "playing")


class Show(Protocol):
    """Who displays."""

    def __call__(self, heard: Heard, playing: str) -> None: ...


@contextmanager
def show(title: str) -> Iterator[Show]:
    """A display for as long as the block runs; what stdout is decides which."""
    if sys.stdout.isatty():
        rows: deque[tuple[str, ...]] = deque(maxlen=ROWS)
        with Live(_table(title, rows), console=Console(), auto_refresh=False) as live:

            def draw(heard: Heard, playing: str) -> None:
                rows.append(_cells(heard, playing))
                live.update(_table(title, rows), refresh=True)

            yield draw
        return
    print(title)
    print(_line(COLUMNS), flush=True)
    yield lambda heard, playing: print(_line(_cells(heard, playing)), flush=True)


def _cells(heard: Heard, playing: str) -> tuple[str, ...]:
    return (
        f"{heard.start_s:.0f}",
        heard.label or f"({heard.reason})",
        f"{heard.confidence:.2f}",
        _number(heard.suspicion, 2),
        _number(heard.suspicion_p, 3),
        _number(heard.rms_dbfs, 1),
        playing,
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _line(cells: tuple[str, ...]) -> str:
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, (8, 17, 12, 11, 13, 12, 1), strict=True)).rstrip()


def _table(title: str, rows: deque[tuple[str, ...]]) -> Table:
    table = Table(title=title)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in {"label", "playing"} else "right")
    for row in rows:
        right = row[6].split(" ")[0] == row[1]
        table.add_row(*row, style="green" if right else None)
    return table
