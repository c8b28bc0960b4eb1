"""One line a run, kept, so that a slow-down shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from trainer.bench.targets import ratios_of

__all__ = ["WORSE", "append", "entry_of", "read_history", "slow_down"]

WORSE = 1.15
"""A ratio this many times the last one of the same processor is a slow-down"""


def entry_of(figures: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a run."""
    return {
        "date": figures["date"],
        "version": figures["version"],
        "bundle": figures["bundle"]["id"],
        "cpu": figures["machine"]["cpu"],
        "ratios": ratios_of(figures),
    }


def read_history(path: Path) -> list[dict[str, Any]]:
    """All entries, the oldest first; none where there is no file yet.

    Raises
    ------
    ConfigError : the file is not a history
    """
    if not path.exists():
        return []
    try:
        entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for entry in entries:
            entry["cpu"], entry["date"], entry["ratios"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: a history of `trainer bench` wanted. Got: {error}") from error
    return entries


def append(path: Path, entry: dict[str, Any]) -> None:
    """One more line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def slow_down(history: list[dict[str, Any]], entry: dict[str, Any]) -> str | None:
    """A sentence, if a ratio is much worse than the last time that this processor gave one."""
    parts = []
    for name, value in entry["ratios"].items():
        before = [old for old in history if old["cpu"] == entry["cpu"] and old["ratios"].get(name) is not None]
        if value is not None and before and value > WORSE * before[-1]["ratios"][name]:
            last = before[-1]
            parts.append(f"{name} {value:.2f} instead of {last['ratios'][name]:.2f} on {last['date']}")
    if not parts:
        return None
    return f"Slower than before on this processor, by more than {WORSE - 1:.0%}: {'; '.join(parts)}."
