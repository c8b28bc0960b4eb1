"""The run folder: everything a fit leaves behind, complete or not there at all."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import ConfigError
from edge.pipeline import Pipeline
from edge.records import record_pipeline
from trainer.config import TrainerConfig
from trainer.credits import read_credits
from trainer.data import Dataset

__all__ = ["RunFolder", "as_toml", "create_run"]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run that is being written, under a name that says so.

    run.json        labels, stages with parameters, training clips
    trainer.toml    the configuration
    arrays.npz      the stages' arrays
    denoiser.tflite the int8 autoencoder
    denoiser.keras  the float one
    svm_kernel.npz  the kernel SVM on whole encodings, before PCA and folding
    metrics.json    out-of-fold figures
    figures/        pictures
    log.txt         what was said
    """

    path: Path
    config: TrainerConfig
    dataset: Dataset

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write sorted, indented JSON."""
        (self.path / name).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def write_arrays(self, name: str, arrays: dict[str, Any]) -> None:
        """Write arrays, never pickled."""
        np.savez(self.path / name, allow_pickle=False, **arrays)

    def write_pipeline(self, pipeline: Pipeline) -> None:
        """Write the finished stages."""
        records, arrays = record_pipeline(pipeline)
        self.write_arrays("arrays.npz", arrays)
        known = read_credits(self.dataset.root)
        (self.path / "denoiser.tflite").write_bytes(getattr(pipeline.denoise, "model", b""))
        self.write_json(
            "run.json",
            {
                "name": self.config.name,
                "labels": list(pipeline.labels),
                "hop_s": self.config.scalogram.hop_s,
                "stages": records,
                "seed": self.config.seed,
                "trained_on": {
                    "data_sha256": self.dataset.sha256,
                    "clips": sorted({clip.sha256 for clip in self.dataset.clips}),
                    "folds": list(self.dataset.folds),
                    "noises": list(self.config.augment.noises),
                },
                "credits": [asdict(known[clip.path.name]) for clip in self.dataset.clips if clip.path.name in known],
            },
        )
        (self.path / "trainer.toml").write_text(as_toml(self.config.as_dict()), encoding="utf-8")


@contextmanager
def create_run(out: Path, config: TrainerConfig, dataset: Dataset) -> Iterator[RunFolder]:
    """Write into a sibling of `out`, log into it too, and rename it when all is done.

    Raises
    ------
    ConfigError : `out` is there already
    """
    out = Path(out)
    if out.exists():
        raise ConfigError(f"{out}: a run folder that is not there yet wanted. Got one that is.")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "figures").mkdir(parents=True)
    handler = logging.FileHandler(partial / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    logger = logging.getLogger("trainer")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        yield RunFolder(partial, config, dataset)
    except BaseException:
        shutil.rmtree(partial)
        raise
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
    partial.rename(out)


def as_toml(values: dict[str, Any]) -> str:
    """Scalars and lists first, then one table a section; JSON and TOML agree on these values."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *(f"{name} = {json.dumps(item)}" for name, item in value.items())]
    return "\n".join(lines) + "\n"
