"""The Free Spoken Digit Dataset (Jackson et al.), as its repository holds it.

    DIR/recordings/7_jackson_32.wav   digit, speaker, number of the take; 8 kHz, about half a second

A fold is a speaker, in the order of their names: what is held out is a voice that was never heard,
as on a device. The published split puts takes 0 to 4 of every speaker into the test set, so every
voice is on both sides of it and its figures say nothing of a new one. It is the variant `takes`: five
takes a fold, and fold 1 is the published test set.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.data.folders import sounds_in
from trainer.data.listing import Layout, Listed
from trainer.errors import DatasetError

__all__ = ["FSDD"]

FOLDER = "recordings"
NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^\W_]+)_(?P<take>\d+)", re.ASCII)
TAKES = "takes"
TAKES_A_FOLD = 5


def is_at(root: Path) -> bool:
    """Told by a recording with a name in its form."""
    folder = root / FOLDER
    return folder.is_dir() and any(NAME.fullmatch(path.stem) for path in sounds_in(folder))


def read(root: Path, variant: str | None) -> list[Listed]:
    """Every recording; the label is the digit."""
    found = []
    for path in sounds_in(root / FOLDER):
        name = NAME.fullmatch(path.stem)
        if name is None:
            raise DatasetError(f"{path}: a name digit_speaker_take.wav wanted. Got {path.name} instead.")
        found.append((path, name))
    speakers = sorted({name["speaker"] for _, name in found})
    return [
        Listed(
            path=path,
            label=name["digit"],
            fold=1 + (int(name["take"]) // TAKES_A_FOLD if variant == TAKES else speakers.index(name["speaker"])),
        )
        for path, name in found
    ]


FSDD = Layout(name="Free Spoken Digit Dataset", is_at=is_at, read=read, variants=(TAKES,))
