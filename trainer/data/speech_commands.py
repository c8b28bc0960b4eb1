"""Speech Commands (Warden 2018), version 0.02, as Google's archive holds it.

    DIR/yes/0a7c2a8d_nohash_0.wav   16 kHz, 1 s; the name begins with the speaker
    DIR/_background_noise_/*.wav    minutes of noise, no class
    DIR/validation_list.txt         yes/0a7c2a8d_nohash_0.wav, one a line
    DIR/testing_list.txt

Folds: 1 is for training, 2 is the validation list, 3 is the testing list. No speaker is on two sides.
A word whose folder was taken away is left out, so that some of the words can be chosen.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.data.folders import class_folders, sounds_in
from trainer.data.listing import Layout, Listed
from trainer.errors import DatasetError

__all__ = ["SPEECH_COMMANDS"]

LISTS = {"validation_list.txt": 2, "testing_list.txt": 3}
"""File to fold; what neither names is fold 1"""
TRAINING = 1
NOISE = "_background_noise_"
NAME = re.compile(r"(?P<speaker>[0-9a-f]+)_nohash_\d+")


def is_at(root: Path) -> bool:
    """Told by its lists, and by its noise."""
    return (root / NOISE).is_dir() or any((root / name).is_file() for name in LISTS)


def read(root: Path, _variant: str | None) -> list[Listed]:
    """Every word but the noise."""
    paths = {
        path: label for label, folder in class_folders(root, not_classes=(NOISE,)).items() for path in sounds_in(folder)
    }
    fold_of = listed_folds(root, set(paths))
    check_speakers({path: fold_of.get(path, TRAINING) for path in paths})
    return [Listed(path, label, fold_of.get(path, TRAINING)) for path, label in paths.items()]


def listed_folds(root: Path, paths: set[Path]) -> dict[Path, int]:
    """Path to fold for the clips that the two lists name, but for words without a folder."""
    folds: dict[Path, int] = {}
    for name, fold in LISTS.items():
        table = root / name
        try:
            lines = table.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{table}: a list of word/file.wav wanted. Got: {error}") from error
        for i_line, line in enumerate(lines, start=1):
            path = root / line
            word, slash, _ = line.partition("/")
            if slash and not (root / word).is_dir():
                continue
            if path not in paths:
                raise DatasetError(f"{table}: line {i_line}: a clip word/file.wav wanted. Got {line!r} instead.")
            if path in folds:
                raise DatasetError(f"{table}: line {i_line}: a clip in no list yet wanted. Got {line} again.")
            folds[path] = fold
    return folds


def check_speakers(fold_of: dict[Path, int]) -> None:
    """Refuse a voice in two folds: figures on it would not be about new voices."""
    seen: dict[str, tuple[int, Path]] = {}
    for path, fold in fold_of.items():
        name = NAME.fullmatch(path.stem)
        if name is None:
            raise DatasetError(f"{path}: a name speaker_nohash_N.wav wanted. Got {path.name} instead.")
        first, where = seen.setdefault(name["speaker"], (fold, path))
        if first != fold:
            raise DatasetError(
                f"{path}: every speaker in one fold wanted. Got {name['speaker']} in fold {fold}, "
                f"and in fold {first} with {where.parent.name}/{where.name}."
            )


SPEECH_COMMANDS = Layout(name="Speech Commands", is_at=is_at, read=read)
