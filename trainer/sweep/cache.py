"""Finished steps by content: each entry complete, checked when it is read, or not there at all.

An entry is `KIND/KEY-SUM.npz`. The key says what the arrays were made from, the sum is that of the file's bytes,
so one rename puts both in place; whatever a killed process left behind is a `.partial`.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Arrays", "Cache"]

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]
N_DIGITS = 32
"""Of a key and of a sum in a file's name"""


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of entries, one folder a kind."""

    root: Path

    def has(self, kind: str, key: str) -> bool:
        """Is there an entry; whether it is sound is seen when it is read."""
        return bool(self._found(kind, key))

    def read(self, kind: str, key: str) -> Arrays | None:
        """The arrays of an entry; None if there is none, or if its bytes are not those that were written."""
        for path in self._found(kind, key):
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()[:N_DIGITS]
                if path.stem.endswith(f"-{found}"):
                    file.seek(0)
                    with np.load(file, allow_pickle=False) as arrays:
                        return {name: arrays[name] for name in arrays.files}
            log.warning("%s: damaged, made again", path)
            path.unlink()
        return None

    def write(self, kind: str, key: str, arrays: Arrays) -> None:
        """Put an entry in place at once."""
        folder = self.root / kind
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{key[:N_DIGITS]}.{os.getpid()}.partial"
        with partial.open("w+b") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            total = hashlib.file_digest(file, "sha256").hexdigest()[:N_DIGITS]
        partial.replace(folder / f"{key[:N_DIGITS]}-{total}.npz")

    def prune(self, kind: str, kept: Collection[str]) -> None:
        """Remove the entries of a kind but those with the keys `kept`, and what killed processes left."""
        names = {key[:N_DIGITS] for key in kept}
        for path in (self.root / kind).glob("*"):
            if path.suffix == ".partial" or path.name.split("-")[0] not in names:
                path.unlink()

    def _found(self, kind: str, key: str) -> list[Path]:
        return sorted((self.root / kind).glob(f"{key[:N_DIGITS]}-*.npz"))
