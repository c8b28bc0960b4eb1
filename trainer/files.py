"""Files that are complete or not there: whoever reads one while it is written, or after a kill, finds the old one."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write text (UTF-8) or bytes beside `path` and put it in place by one rename."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    partial.replace(path)
