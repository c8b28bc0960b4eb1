"""A folder to a data set: the layout is told by what lies in it, and `folds.csv` wins over its folds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from tqdm.auto import tqdm

from edge.errors import ConfigError
from trainer.data.dataset import Clip, Dataset
from trainer.data.esc50 import ESC50
from trainer.data.folders import FOLDERS
from trainer.data.folds import TABLE, folds_from_content, folds_from_table
from trainer.data.fsdd import FSDD
from trainer.data.listing import Layout, Listed, check_header, sha256_of
from trainer.data.speech_commands import SPEECH_COMMANDS
from trainer.data.urbansound8k import URBANSOUND8K
from trainer.errors import DatasetError

__all__ = ["layout_of", "load_dataset"]

LAYOUTS = (ESC50, URBANSOUND8K, FSDD, SPEECH_COMMANDS, FOLDERS)
"""The first that fits is taken; class folders come last, since any folder could be one"""


def load_dataset(root: Path, *, variant: str | None = None) -> Dataset:
    """Find, hash and check the clips of a folder in any known layout.

    Only the headers of the files are read here, so that one bad file is named before an hour of
    fitting; damage further in is found by `read_clip`.

    Parameters
    ----------
    root : the data set's own folder
    variant : one of the layout's variants; None for the data set as it was published

    Raises
    ------
    DatasetError : the folder cannot be used; the sentence says what to change
    ConfigError : the layout has no such variant
    """
    root = Path(root)
    if not root.is_dir():
        got = "a file" if root.exists() else "nothing there"
        raise DatasetError(f"{root}: a folder of class folders wanted. Got {got} instead.")
    layout = layout_of(root)
    if variant is not None and variant not in layout.variants:
        known = f"one of {', '.join(layout.variants)}" if layout.variants else "none"
        raise ConfigError(f"--variant: {known} wanted for {root} ({layout.name}). Got {variant} instead.")
    listed = sorted(layout.read(root, variant), key=lambda each: each.path)
    check_listing(root, listed)
    bar = tqdm(listed, desc="clips", unit="clip", disable=None)
    clips = tuple(hashed(each) for each in bar)
    return Dataset(root=root, labels=tuple(sorted({clip.label for clip in clips})), clips=with_folds(root, clips))


def layout_of(root: Path) -> Layout:
    """The layout that a folder looks like."""
    return next(layout for layout in LAYOUTS if layout.is_at(root))


def check_listing(root: Path, listed: list[Listed]) -> None:
    """Refuse one file under two rows, and a data set with nothing to tell apart."""
    for one, next_one in pairwise(listed):
        if one.path == next_one.path:
            raise DatasetError(f"{root}: every clip once wanted. Got {one.path.name} twice instead.")
    labels = {each.label for each in listed}
    if len(labels) < 2:
        raise DatasetError(f"{root}: clips of at least two classes wanted. Got {', '.join(labels) or 'none'} instead.")


def hashed(listed: Listed) -> Clip:
    """The clip of a file whose header can be read; fold 0 until the folds are known."""
    check_header(listed.path)
    return Clip(path=listed.path, label=listed.label, fold=listed.fold or 0, sha256=sha256_of(listed.path))


def with_folds(root: Path, clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """Folds from the table, else as the layout says, else from the content."""
    table = root / TABLE
    if table.is_file():
        folds = folds_from_table(table, {clip.path for clip in clips})
    elif all(clip.fold for clip in clips):
        return clips
    else:
        folds = folds_from_content(clips)
    return tuple(replace(clip, fold=folds[clip.path]) for clip in clips)
