"""The edge command as its users start it: a process, its streams, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

__all__ = ["edge", "objects"]


def edge(*args: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.cli", *map(str, args)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=300)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
