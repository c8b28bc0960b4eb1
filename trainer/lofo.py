"""Leave one fold out: one bundle a fold, fitted on the others, exported, read back, scored on its own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import shutil
from pathlib import Path

import edge
import trainer
from edge.bundle import Bundle, read_bundle
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable
from trainer.errors import DatasetError
from trainer.evaluate import Evaluation, Judged, check_held_out, judge_dataset
from trainer.files import source_sha256

__all__ = ["evaluate_lofo", "fit_key", "fold_bundle", "program_sha256"]

log = logging.getLogger(__name__)

PROGRAM = (
    "edge/types.py",
    "edge/audio.py",
    "edge/framing.py",
    "edge/pipeline.py",
    "edge/purify.py",
    "edge/bundle.py",
    "edge/golden.py",
    "edge/records.py",
    "edge/stages",
)
FITTING = ("augment", "data", "config.py", "groups.py", "fit", "export")


def evaluate_lofo(dataset: Dataset, config: TrainerConfig, out: Path | None, *, command: str) -> Evaluation:
    """Fit, export and score a bundle for every fold; finished folds in `out` are used again.

    A fold is finished when its `done` holds the key of this configuration, these clips and this
    program, so a run that was stopped goes on where it was. Without `out` the folder is named by
    that key: the same question finds the same folder.
    """
    if len(dataset.folds) < 2:
        raise DatasetError(f"{dataset.root}: at least two folds wanted. Got {len(dataset.folds)} instead.")
    trainings = {fold: dataset.only_folds(set(dataset.folds) - {fold}) for fold in dataset.folds}
    for training in trainings.values():
        check_trainable(training)
    out = Path("runs") / f"lofo-{fit_key(dataset, config)[:12]}" if out is None else out
    judged: list[Judged] = []
    runs: dict[str, Path] = {}
    for fold, training in trainings.items():
        bundle = fold_bundle(training, config, out / f"fold-{fold}")
        held_out = dataset.only_folds([fold])
        # Copies of one file in two folds would be fitted on and scored.
        check_held_out(bundle, held_out.clips, allow=False)
        judged.extend(judge_dataset(bundle, held_out))
        runs[bundle.id] = out / f"fold-{fold}" / "run"
    return Evaluation(
        protocol="lofo",
        labels=dataset.labels,
        judged=tuple(judged),
        data_sha256=dataset.sha256,
        command=command,
        seed=config.seed,
        train_clips=False,
        runs=runs,
    )


def fold_bundle(training: Dataset, config: TrainerConfig, folder: Path) -> Bundle:
    """The bundle fitted on `training`, from `folder` if it is finished there."""
    done = folder / "done"
    key = fit_key(training, config)
    if done.is_file() and done.read_text(encoding="utf-8") == key:
        log.info("%s: fitted before, used again", folder)
        return read_bundle(folder / "bundle")
    # TensorFlow is loaded here, and only if a fold is missing.
    from trainer.export import export
    from trainer.fit.run import fit

    done.unlink(missing_ok=True)
    # What another configuration, or a run that was stopped, left in these two.
    for stale in (folder / "run", folder / "bundle"):
        if stale.is_dir():
            shutil.rmtree(stale)
    log.info("%s: fitting on folds %s", folder, ", ".join(map(str, training.folds)))
    run = fit(training, config, folder / "run")
    path = export(run, target="tflite", out=folder / "bundle")
    done.write_text(key, encoding="utf-8")
    return read_bundle(path)


def fit_key(dataset: Dataset, config: TrainerConfig) -> str:
    """What decides a fitted bundle: 64 hex digits over clips, folds, configuration and source."""
    parts = {
        "data": dataset.sha256,
        "folds": [clip.fold for clip in dataset.clips],
        "config": dataclasses.asdict(config),
        "program": program_sha256(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def program_sha256() -> str:
    """Over the source of the forward path and of the fitting: a bundle of older code is not reused."""
    edge_root = Path(edge.__file__).parent.parent
    trainer_root = Path(trainer.__file__).parent
    return source_sha256([*(edge_root / part for part in PROGRAM), *(trainer_root / part for part in FITTING)])
