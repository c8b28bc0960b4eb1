"""What the trainer's commands share: the data set asked for, the configuration, and where figures go."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from trainer.files import write_whole

__all__ = ["config_of", "finish", "selected"]


def selected(data: Path, folds: tuple[int, ...] | None, variant: str | None) -> Any:
    """The data set in one of its variants, or some folds of it."""
    from trainer.data import load_dataset

    dataset = load_dataset(data, variant=variant)
    return dataset if folds is None else dataset.only_folds(folds)


def config_of(args: argparse.Namespace) -> Any:
    """The trainer's configuration, with the seed of the command line."""
    from trainer.config import TrainerConfig

    config = TrainerConfig.load(args.config)
    return config if args.seed is None else config.with_seed(args.seed)


def finish(args: argparse.Namespace, figures: dict[str, Any], text: str) -> None:
    """Figures to where they were asked for: a file is complete or not there; `-` is stdout, and only JSON then."""
    if args.json is None or str(args.json) != "-":
        print(text)
    if args.json is None:
        return
    document = json.dumps(figures, indent=2) + "\n"
    if str(args.json) == "-":
        sys.stdout.write(document)
        return
    args.json.parent.mkdir(parents=True, exist_ok=True)
    write_whole(args.json, document)
