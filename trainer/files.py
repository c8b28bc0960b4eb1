"""Files that are complete or not there, and the sum of source files by which a result is known to be current."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["source_sha256", "write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write text (UTF-8) or bytes beside `path` and put it in place by one rename: one finds the old or the new."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    partial.replace(path)


def source_sha256(parts: Iterable[Path]) -> str:
    """Over these Python files, and those in these folders; 64 hex digits."""
    files = sorted(file for part in parts for file in (part.rglob("*.py") if part.is_dir() else [part]))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.parent.name}/{file.name}".encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
