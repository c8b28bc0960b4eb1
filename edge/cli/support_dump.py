"""Collect what a helper needs to see, without secrets, into one JSON file.

Version, machine, configuration, bundle, outbox (counts, no contents), what the state folder holds.
Not in it: passwords, user names, keys, the credentials file, sounds, events. What the daemon published
last is asked for with the command `snapshot`, not read here.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edge import __version__
from edge.bundle import read_bundle
from edge.config import EdgeConfig
from edge.daemon.health import HealthMeter
from edge.errors import EdgeError

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge support-dump --config /etc/tympan/edge.toml > dump.json
"""
PACKAGES = ("numpy", "ai-edge-litert", "tflite-runtime", "sounddevice", "soundfile", "soxr", "paho-mqtt")


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--config", type=Path, required=True, help="edge.toml")


def main(args: argparse.Namespace) -> int:
    """What cannot be read says so; the rest is there all the same."""
    dump: dict[str, Any] = {
        "version": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
    }
    try:
        config = EdgeConfig.load(args.config)
    except EdgeError as error:
        dump["config_error"] = str(error)
    else:
        dump["config"] = _plain(config)
        dump["bundle"] = _bundle(config.bundle)
        dump["state_dir"] = _folder(config.state_dir)
        dump["outbox"] = _outbox(config.state_dir / "outbox.sqlite")
        if config.state_dir.is_dir():
            dump["machine"] = HealthMeter(config.state_dir).read()
    print(json.dumps(dump, indent=2, ensure_ascii=False))
    return 0


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _bundle(folder: Path | None) -> dict[str, Any]:
    if folder is None:
        return {"error": "none configured"}
    try:
        bundle = read_bundle(folder)
    except EdgeError as error:
        return {"error": str(error)}
    return {"name": bundle.name, "id": bundle.id, "labels": list(bundle.labels)}


def _folder(folder: Path) -> Any:
    try:
        entries = sorted(folder.iterdir())
        return {entry.name: {"bytes": entry.stat().st_size, "mode": oct(entry.stat().st_mode)} for entry in entries}
    except OSError as error:
        return {"error": str(error)}


def _outbox(path: Path) -> dict[str, Any]:
    """Counts alone, read-only: a daemon that runs keeps the lock, and that is said, too."""
    if not path.exists():
        return {"error": "no such file"}
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1.0)) as db:
            (events,) = db.execute("SELECT count(*) FROM events").fetchone()
            boots = db.execute("SELECT boot_id, last_seq FROM boots ORDER BY n DESC LIMIT 4").fetchall()
            gaps = db.execute("SELECT boot_id, first_seq, last_seq FROM gaps").fetchall()
    except sqlite3.Error as error:
        return {"error": str(error)}
    return {"events": events, "boots": boots, "gaps": gaps}


def _plain(value: Any) -> Any:
    """Values as JSON has them; of the credentials only whether their file can be read."""
    if is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        shown = {key: _plain(item) for key, item in value.items() if key != "credentials_file"}
        if "credentials_file" in value:
            path = value["credentials_file"]
            shown["credentials_readable"] = None if path is None else os.access(os.path.expandvars(path), os.R_OK)
        return shown
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
