"""UrbanSound8K (Salamon, Jacoby, Bello 2014), as the archive on Zenodo holds it.

    DIR/metadata/UrbanSound8K.csv          slice_file_name,fsID,start,end,salience,fold,classID,class
    DIR/audio/fold5/100032-3-0-0.wav       any rate, 4 s at most

The ten published folds. Slices of one recording lie in one fold: deal them anew and figures rise
for the wrong reason, as its authors warn.
"""

from __future__ import annotations

from pathlib import Path

from trainer.data.labels import slug
from trainer.data.listing import Layout, Listed, fold_in, inside, rows_of

__all__ = ["URBANSOUND8K"]

TABLE = Path("metadata", "UrbanSound8K.csv")
COLUMNS = ("slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class")
N_FOLDS = 10


def is_at(root: Path) -> bool:
    """Told by its table."""
    return (root / TABLE).is_file()


def read(root: Path, _variant: str | None) -> list[Listed]:
    """Every row of the table."""
    listed = []
    for where, row in rows_of(root / TABLE, COLUMNS):
        fold = fold_in(row["fold"], N_FOLDS, where)
        path = inside(root / "audio" / f"fold{fold}", row["slice_file_name"], where)
        listed.append(Listed(path, slug(row["class"]), fold))
    return listed


URBANSOUND8K = Layout(name="UrbanSound8K", is_at=is_at, read=read)
