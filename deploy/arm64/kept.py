"""A folder that is built once, and again when what it was built from changes."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

__all__ = ["kept"]

log = logging.getLogger(__name__)
KEY = ".made-from"


def kept(folder: Path, made_from: str, build: Callable[[Path], None]) -> Path:
    """The folder, built by `build` unless it is there and was made from the same.

    It is built beside its place and renamed, so that a run that was stopped leaves nothing half done.
    """
    key = folder / KEY
    if key.is_file() and key.read_text(encoding="utf-8") == made_from:
        log.info("%s: kept", folder)
        return folder
    log.info("%s: building", folder)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    for old in (unfinished, folder):
        if old.exists():
            shutil.rmtree(old)
    unfinished.mkdir(parents=True)
    build(unfinished)
    (unfinished / KEY).write_text(made_from, encoding="utf-8")
    unfinished.rename(folder)
    return folder
