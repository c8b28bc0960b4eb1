"""Your own sounds: a folder of class folders.

    DIR/001 - Dog bark/1-100032-A.ogg   ->  label dog_bark, fold 1

Folds come from names in the ESC form (`1-100032-A.ogg`, `1-100032-A-0.wav`) when every clip has
one, as in ESC-10; otherwise each class is dealt over five folds in the order of its clips' SHA-256.
That depends on nothing but the files' content, and identical files share a fold, so a copy never
sits on both sides of a split. Clips cut from one recording do not: write a `folds.csv` for those.
"""

from __future__ import annotations

import re
from pathlib import Path

from edge.audio import SUFFIXES
from trainer.data.dataset import N_CLIPS_MIN
from trainer.data.labels import slug
from trainer.data.listing import Layout, Listed
from trainer.errors import DatasetError

__all__ = ["FOLDERS", "class_folders", "sounds_in"]

ESC_NAME = re.compile(r"(?P<fold>\d+)-\d+-[A-Z](-\d+)?")


def read(root: Path, _variant: str | None) -> list[Listed]:
    """`root/class/*.{wav,flac,ogg,mp3}`; hidden files are skipped."""
    listed = []
    for label, folder in class_folders(root).items():
        paths = sounds_in(folder)
        if len(paths) < N_CLIPS_MIN:
            kinds = ", ".join(suffix.removeprefix(".") for suffix in SUFFIXES)
            raise DatasetError(
                f"{folder}: a class must have at least {N_CLIPS_MIN} clips ({kinds}): "
                f"one to fit on, one to hold out. Got {len(paths)} instead."
            )
        matches = {path: ESC_NAME.fullmatch(path.stem) for path in paths}
        listed += [Listed(path, label, int(match["fold"]) if match else None) for path, match in matches.items()]
    if any(each.fold is None for each in listed):
        return [Listed(each.path, each.label, None) for each in listed]
    return listed


def class_folders(root: Path, *, not_classes: tuple[str, ...] = ()) -> dict[str, Path]:
    """Slug to class folder, two at least."""
    found: dict[str, Path] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        if folder.name in not_classes:
            continue
        label = slug(folder.name)
        if not label:
            raise DatasetError(f"{folder}: a class folder's name must hold a letter or digit. Got none instead.")
        if label in found:
            raise DatasetError(
                f"{root}: every class folder must give its own label. "
                f"Got {label} from both {found[label].name!r} and {folder.name!r} instead."
            )
        found[label] = folder
    if not found:
        raise DatasetError(f"{root}: class folders wanted (class/*.wav). Got a folder without sub-folders instead.")
    if len(found) == 1:
        raise DatasetError(f"{root}: at least two class folders wanted. Got only {next(iter(found))} instead.")
    return found


def sounds_in(folder: Path) -> list[Path]:
    """The sound files of one folder, sorted; hidden ones are skipped."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


FOLDERS = Layout(name="class folders", is_at=Path.is_dir, read=read)
