"""ESC-50 (Piczak 2015), and ESC-10 within it, as the repository karoldvl/ESC-50 holds them.

    DIR/meta/esc50.csv          filename,fold,target,category,esc10,src_file,take
    DIR/audio/1-100032-A-0.wav  44.1 kHz, 5 s

The five published folds; clips of one source recording are in one fold. The variant `esc10` is the
ten classes whose rows say `True` under `esc10`.
"""

from __future__ import annotations

from pathlib import Path

from trainer.data.labels import slug
from trainer.data.listing import Layout, Listed, fold_in, inside, rows_of
from trainer.errors import DatasetError

__all__ = ["ESC50"]

TABLE = Path("meta", "esc50.csv")
COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")
N_FOLDS = 5
ESC10 = "esc10"


def is_at(root: Path) -> bool:
    """Told by its table."""
    return (root / TABLE).is_file()


def read(root: Path, variant: str | None) -> list[Listed]:
    """Every row of the table, or those of ESC-10."""
    listed = []
    for where, row in rows_of(root / TABLE, COLUMNS):
        if row["esc10"] not in ("True", "False"):
            raise DatasetError(f"{where}: True or False under esc10 wanted. Got {row['esc10']!r} instead.")
        if variant == ESC10 and row["esc10"] == "False":
            continue
        fold = fold_in(row["fold"], N_FOLDS, where)
        listed.append(Listed(inside(root / "audio", row["filename"], where), slug(row["category"]), fold))
    return listed


ESC50 = Layout(name="ESC-50", is_at=is_at, read=read, variants=(ESC10,))
