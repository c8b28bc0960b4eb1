"""The whole sweep: choices on inner folds, one look at each outer fold, figures of both.

The honest figure of the search is that of the outer folds together: each was judged once, by a configuration that was
chosen without it. `trainer.toml` is the choice of all folds together, for bundles to come; no clip here is left to
judge it by, and the outer figure is that of the way in which it was chosen.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable
from trainer.errors import DatasetError
from trainer.files import write_whole
from trainer.fit.rundir import as_toml
from trainer.sweep.cache import Cache
from trainer.sweep.inner import InnerFolds
from trainer.sweep.outer import Touches, outer_scores, total
from trainer.sweep.search import OVERALL, Budget, Chain, search
from trainer.sweep.space import Space
from trainer.sweep.work import CONDITION
from trainer.workers import Workers, workers

__all__ = ["CHOSEN", "CRITERION", "NO_AUTOENCODER", "sweep"]

log = logging.getLogger(__name__)

N_FOLDS_MIN = 3
CHOSEN = "chosen"
NO_AUTOENCODER = "chosen, no autoencoder"
CRITERION = f"mean of the clip accuracy clean and under {CONDITION.name}, over held-out inner folds"


def sweep(
    dataset: Dataset,
    base: TrainerConfig,
    space: Space,
    out: Path,
    *,
    budget_minutes: float | None,
    n_jobs: int,
    with_reference: bool,
    command: str,
) -> dict[str, Any]:
    """Search, judge the outer folds, write `trainer.toml`, `fold-F.toml` and `sweep.json` into `out`.

    Raises
    ------
    DatasetError : fewer than three folds, or a class that some inner fit would have too few clips of
    """
    check_nestable(dataset)
    out.mkdir(parents=True, exist_ok=True)
    touches = Touches(out / "touches.jsonl")
    with workers(n_jobs, out / "workers.log") as pool:
        chains = search_inner(dataset, base, space, out, pool, budget_minutes)
        for number, chain in chains.items():
            name = "trainer.toml" if number == OVERALL else f"fold-{number}.toml"
            write_whole(out / name, as_toml(chain.config.as_dict()))
        outer = {}
        for what, configs in outer_configs(chains, with_reference=with_reference):
            scores = outer_scores(dataset, configs, out / folder_of(what), pool, touches, what=what)
            outer[what] = {"folds": {str(fold): score for fold, score in scores.items()}, "total": total(scores)}
    figures = {
        "protocol": "nested",
        "criterion": CRITERION,
        "margin_points": space.margin,
        "budget_minutes": budget_minutes,
        "chains": {name_of(number): chain_figures(chain, base) for number, chain in chains.items()},
        "outer": outer,
        "touches": {what: {str(fold): n for fold, n in touches.count(what, dataset).items()} for what in outer},
        "data_sha256": dataset.sha256,
        "seed": base.seed,
        "command": command,
    }
    write_whole(out / "sweep.json", json.dumps(figures, indent=1) + "\n")
    return figures


def check_nestable(dataset: Dataset) -> None:
    """Refuse a data set that cannot be held out twice."""
    if len(dataset.folds) < N_FOLDS_MIN:
        raise DatasetError(
            f"{dataset.root}: at least {N_FOLDS_MIN} folds wanted, for one outer, one inner and one to fit on. "
            f"Got {len(dataset.folds)} instead."
        )
    for pair in combinations(dataset.folds, 2):
        check_trainable(dataset.only_folds(set(dataset.folds) - set(pair)))


def search_inner(
    dataset: Dataset, base: TrainerConfig, space: Space, out: Path, pool: Workers, budget_minutes: float | None
) -> dict[int, Chain]:
    """Every outer fold's choice, and that of all folds; what only the search needed is removed from the disk."""
    scorer = InnerFolds(dataset, Cache(out / "cache"), pool)
    chains = search(space, base, (OVERALL, *dataset.folds), scorer, Budget(budget_minutes))
    Cache(out / "cache").prune("descriptors", ())
    return chains


def outer_configs(
    chains: Mapping[int, Chain], *, with_reference: bool
) -> Iterator[tuple[str, dict[int, TrainerConfig]]]:
    """What is judged on the outer folds: the choices, and the same without the autoencoder where they have one."""
    chosen = {number: chain.config for number, chain in chains.items() if number != OVERALL}
    yield CHOSEN, chosen
    if with_reference and any(config.denoise.place != "off" for config in chosen.values()):
        yield (
            NO_AUTOENCODER,
            {fold: replace(c, denoise=replace(c.denoise, place="off")) for fold, c in chosen.items()},
        )


def folder_of(what: str) -> str:
    """Where the outer bundles of one kind are kept."""
    return {CHOSEN: "outer", NO_AUTOENCODER: "outer-no-autoencoder"}[what]


def name_of(chain: int) -> str:
    """A chain in the figures."""
    return "overall" if chain == OVERALL else f"fold {chain}"


def chain_figures(chain: Chain, base: TrainerConfig) -> dict[str, Any]:
    """Every candidate with its score, and what the choice changes."""
    return {"rows": [asdict(row) for row in chain.rows], "changes": changes(base.as_dict(), chain.config.as_dict())}


def changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Values that differ, by section and key."""
    flat: dict[str, Any] = {}
    for key, value in new.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": item for name, item in changes(old[key], value).items()}
        elif value != old[key]:
            flat[key] = value
    return flat
