"""Two keys of edge.toml written for the operator; every other line, comments too, stays as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from edge.config import EdgeConfig, InferenceConfig
from edge.errors import ConfigError

__all__ = ["write_inference"]

_HEADER = re.compile(r"\s*\[\s*inference\s*\]\s*(#.*)?")
_TABLE = re.compile(r"\s*\[")
_KEY = re.compile(r"\s*(hop_s|gate)\s*=")


def write_inference(path: Path, inference: InferenceConfig) -> None:
    """Put hop and gate into the file's [inference], at once or not at all.

    Raises
    ------
    ConfigError : the file is no configuration, or is written in a way that cannot be edited line by line
    """
    before = EdgeConfig.load(path)
    draft = path.with_name(path.name + ".partial")
    try:
        draft.write_text(_edited(path.read_text(encoding="utf-8"), inference), encoding="utf-8")
        if EdgeConfig.load(draft) != replace(before, inference=inference):
            raise ConfigError(f"{path}: [inference] on lines of its own wanted. Got another form; set it by hand.")
        draft.chmod(path.stat().st_mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _edited(text: str, inference: InferenceConfig) -> str:
    keys = [f"gate = {str(inference.gate).lower()}"]
    if inference.hop_s is not None:
        keys.insert(0, f"hop_s = {inference.hop_s}")
    lines = text.splitlines()
    headers = [i for i, line in enumerate(lines) if _HEADER.fullmatch(line)]
    if not headers:
        return "\n".join([*lines, "", "[inference]", *keys, ""])
    first = headers[0] + 1
    end = next((i for i in range(first, len(lines)) if _TABLE.match(lines[i])), len(lines))
    kept = [line for line in lines[first:end] if not _KEY.match(line)]
    return "\n".join([*lines[:first], *keys, *kept, *lines[end:], ""])
