"""One system on one fold: fitted on the others, held-out clips judged under each condition, kept in one file."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import trainer
from trainer.baselines.base import Fitted
from trainer.compare.systems import FULL, SYSTEMS
from trainer.conditions import CONDITIONS, worsened
from trainer.config import TrainerConfig
from trainer.data import Clip, Dataset, check_apart, read_clip
from trainer.files import source_sha256, write_whole
from trainer.lofo import fit_key

__all__ = ["CLEAN", "FoldResult", "Task", "Told"]

log = logging.getLogger(__name__)

CLEAN = "clean"
PROGRAM = (
    "baselines",
    "compare/ours.py",
    "compare/purified.py",
    "compare/systems.py",
    "compare/task.py",
    "conditions.py",
    "lofo.py",
    "mel.py",
    "network.py",
)
"""What decides a result, beside the forward path and the fit that `fit_key` knows"""


@dataclass(frozen=True, slots=True)
class Told:
    """One held-out clip, and what was said of it."""

    file: str
    """Relative to the data set"""
    label: str
    said: dict[str, str | None]
    """Label under each condition; None where it was not judged"""


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What one system said of one fold, and what it costs to carry."""

    key: str
    system: str
    fold: int
    n_parameters: int
    n_bytes: int
    fit_s: float
    """Wall time of the fit; of one that was found finished, of reading it"""
    told: tuple[Told, ...]

    @classmethod
    def read(cls, path: Path, key: str) -> FoldResult | None:
        """The result in `path`, if it answers the question of this key."""
        if not path.is_file():
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["key"] != key:
            return None
        return cls(**found | {"told": tuple(Told(**row) for row in found["told"])})

    def write(self, path: Path) -> None:
        """Complete or not there."""
        write_whole(path, json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True, slots=True)
class Task:
    """One cell of the comparison; picklable, so that another process can do it."""

    system: str
    fold: int
    dataset: Dataset
    config: TrainerConfig
    out: Path
    bundles: Path | None
    """Where `trainer evaluate --protocol lofo` left the full pipeline's folds"""
    conditions: tuple[str, ...]
    """Names, without CLEAN"""

    @property
    def training(self) -> Dataset:
        """All folds but one."""
        return self.dataset.only_folds(set(self.dataset.folds) - {self.fold})

    @property
    def held_out(self) -> Dataset:
        """The one."""
        return self.dataset.only_folds([self.fold])

    @property
    def folder(self) -> Path:
        """Where the fitted system is."""
        root = self.bundles if self.system == FULL and self.bundles is not None else self.out / self.system
        return root / f"fold-{self.fold}"

    def key(self) -> str:
        """What decides the answer: clips, configuration, program; 64 hex digits."""
        parts = [self.system, self.held_out.sha256, fit_key(self.training, self.config), program_sha256()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def file(self) -> Path:
        """Where its result is."""
        return self.out / self.system / f"fold-{self.fold}.json"

    def missing(self, known: FoldResult | None) -> set[str]:
        """The conditions that a result does not answer yet."""
        return {CLEAN, *self.conditions} - (set(known.told[0].said) if known else set())

    def finished(self) -> FoldResult | None:
        """The result on the disk, if nothing is missing."""
        known = FoldResult.read(self.file, self.key())
        return None if self.missing(known) else known

    def __call__(self) -> FoldResult:
        """Do what is missing on the disk."""
        path, key = self.file, self.key()
        known = FoldResult.read(path, key)
        missing = self.missing(known)
        if known is None:
            path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        system = SYSTEMS[self.system]
        start = time.perf_counter()
        if known is None:
            log.info("%s, fold %d: begun", self.system, self.fold)
            fitted = system.fit(self.training, self.config, self.folder)
        else:
            fitted = system.read(self.config, self.folder)
        fit_s = time.perf_counter() - start
        check_apart(fitted.train_clips, self.held_out.clips, str(self.folder))
        told = judge(fitted, self.held_out, self.config.scalogram.rate_hz, missing, known)
        result = FoldResult(
            key=key,
            system=self.system,
            fold=self.fold,
            n_parameters=fitted.n_parameters if known is None else known.n_parameters,
            n_bytes=fitted.n_bytes,
            fit_s=fit_s if known is None else known.fit_s,
            told=told,
        )
        result.write(path)
        return result


def judge(
    fitted: Fitted, held_out: Dataset, rate_hz: int, missing: Collection[str], known: FoldResult | None
) -> tuple[Told, ...]:
    """Ask about every clip under the missing conditions: the same sounds for every system."""
    by_name = {condition.name: condition for condition in CONDITIONS}

    def said(clip: Clip) -> dict[str, str | None]:
        answers: dict[str, str | None] = {}
        for name in (CLEAN, *by_name):
            if name in missing:
                clean = name == CLEAN
                samples = read_clip(clip, rate_hz=rate_hz) if clean else worsened(clip, by_name[name], rate_hz)
                answers[name] = fitted.judge(samples)
        return answers

    before: list[dict[str, Any]] = [dict(row.said) for row in known.told] if known else [{} for _ in held_out.clips]
    return tuple(
        Told(file=clip.path.relative_to(held_out.root).as_posix(), label=clip.label, said=earlier | said(clip))
        for clip, earlier in zip(held_out.clips, before, strict=True)
    )


def program_sha256() -> str:
    """Over the source of the systems and of the judging."""
    root = Path(trainer.__file__).parent
    return source_sha256(root / part for part in PROGRAM)
