"""What is searched: stages of candidates, each a part of a trainer.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ConfigError, StageError
from trainer.config import TrainerConfig
from trainer.fit.descriptor import build_descriptor
from trainer.fit.images import build_front

__all__ = ["BUILT_IN", "Candidate", "Space", "Stage", "load_space"]

BUILT_IN = Path(__file__).with_name("space.toml")
MARGIN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Some values in place of those of the best configuration so far."""

    name: str
    values: dict[str, Any]
    """As in a trainer.toml"""
    reference: bool
    """Scored to be compared with, never chosen"""
    where: str
    """File and name, for errors"""

    def on(self, config: TrainerConfig) -> TrainerConfig:
        """The configuration with these values.

        Raises
        ------
        ConfigError : an unknown key, or a value that cannot be
        """
        return config.with_values(self.values, f"{self.where}: ")


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Candidates that are alternatives: at most one of them is taken."""

    name: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Stages in the order of the search."""

    stages: tuple[Stage, ...]
    margin: float
    """Points (per cent of clips) by which a candidate must be better than what it would replace"""


def load_space(path: Path | None, base: TrainerConfig) -> Space:
    """Read a search space, None for the built-in one; every candidate must fit on `base`.

    Raises
    ------
    ConfigError : no such file, not TOML, a key that nobody knows, or a value that cannot be
    """
    path = BUILT_IN if path is None else Path(path)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: a TOML file wanted. Got: {error}") from error
    _check_keys(given, {"stage", "margin"}, str(path))
    margin = given.get("margin", MARGIN)
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0.0 <= margin <= 100.0:
        raise ConfigError(f"{path}: margin must be points in [0, 100]. Got {margin!r} instead.")
    stages = tuple(_stage(table, str(path)) for table in _tables(given, "stage", str(path)))
    _check_unique([stage.name for stage in stages], str(path))
    for stage in stages:
        for candidate in stage.candidates:
            check_buildable(candidate.on(base), candidate.where)
    return Space(stages=stages, margin=float(margin))


def check_buildable(config: TrainerConfig, where: str) -> None:
    """Build the stages that are parameters alone, so that a wrong one is named before an hour of fitting."""
    try:
        front = build_front(config)
        build_descriptor(config, front.scalogram)
    except StageError as error:
        raise ConfigError(f"{where}: stages that can be built wanted. Got: {error}") from error


def _stage(table: dict[str, Any], where: str) -> Stage:
    name = _name(table, f"{where}: a stage")
    where = f"{where}: stage {name}"
    _check_keys(table, {"name", "candidate"}, where)
    candidates = tuple(_candidate(one, where) for one in _tables(table, "candidate", where))
    _check_unique([candidate.name for candidate in candidates], where)
    return Stage(name=name, candidates=candidates)


def _candidate(table: dict[str, Any], where: str) -> Candidate:
    name = _name(table, f"{where}: a candidate")
    where = f"{where}, {name}"
    reference = table.get("reference", False)
    if not isinstance(reference, bool):
        raise ConfigError(f"{where}: reference must be true or false. Got {reference!r} instead.")
    values = {key: value for key, value in table.items() if key not in ("name", "reference")}
    if not values:
        raise ConfigError(f"{where}: a value of trainer.toml wanted. Got none instead.")
    if "seed" in values:
        # The best of several seeds is luck, and would look like a better configuration.
        raise ConfigError(f"{where}: a value other than the seed wanted. Got seed = {values['seed']!r} instead.")
    return Candidate(name=name, values=values, reference=reference, where=where)


def _tables(given: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = given.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        got = "none" if found is None else repr(found)
        raise ConfigError(f"{where}: tables [[{key}]] wanted. Got {got} instead.")
    return found


def _name(table: dict[str, Any], what: str) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"{what} with a name wanted. Got {name!r} instead.")
    return name


def _check_keys(given: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ConfigError(f"{where}: one of {', '.join(sorted(known))} wanted. Got {unknown[0]} instead.")


def _check_unique(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{where}: every name once wanted. Got {twice[0]} twice instead.")
