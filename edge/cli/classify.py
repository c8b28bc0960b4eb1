"""Judge sound files: one verdict a file, from the mean over its windows.

A file that cannot be judged gets its error on its line and the others go on; the exit code is then
that of the first error.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from edge.bundle import read_bundle
from edge.clip import ClipVerdict, judge_file
from edge.errors import EdgeError

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge classify bark.wav --bundle models/esc10
  edge classify recordings/*.flac --bundle models/esc10 --json
  edge classify bark.wav --bundle models/esc10 --no-abstain
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3; any rate")
    parser.add_argument("--bundle", required=True, type=Path, help="folder of the bundle")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--gate", choices=["on", "off"], default="off", help="hold the verdict of a window that shows nothing new"
    )
    parser.add_argument("--no-abstain", action="store_true", help="the nearest label in the place of `unknown`")


def main(args: argparse.Namespace) -> int:
    """Judge each file."""
    bundle = read_bundle(args.bundle)
    code = 0
    for path in args.files:
        try:
            line = _as_dict(path, judge_file(bundle, path, abstain=not args.no_abstain, glance=args.gate == "on"))
        except EdgeError as error:
            code = code or error.exit_code
            line = {"file": str(path), "error": str(error)}
        print(json.dumps(line, ensure_ascii=False, allow_nan=False) if args.json else _as_text(line), flush=True)
    return code


def _as_dict(path: Path, clip: ClipVerdict) -> dict[str, Any]:
    return {
        "file": str(path),
        "label": clip.label,
        "confidence": clip.confidence,
        "scores": clip.scores,
        "suspicion": clip.suspicion,
        "suspicion_p": clip.suspicion_p,
        "reason": clip.reason,
        "best": clip.best,
        "novelty": clip.novelty,
        "windows": [
            {
                "start_s": window.start_s,
                "label": window.label,
                "confidence": window.confidence,
                "suspicion": window.suspicion,
                "reason": window.reason,
            }
            for window in clip.windows
        ],
    }


def _as_text(line: dict[str, Any]) -> str:
    if "error" in line:
        return f"{line['file']}: error: {line['error']}"
    if line["label"] is None:
        nearest = "" if line["best"] is None else f", nearest {line['best']} {line['scores'][line['best']]:.2f}"
        return f"{line['file']}: no label ({line['reason']}{nearest})"
    return (
        f"{line['file']}: {line['label']} {line['confidence']:.2f}, "
        f"suspicion {line['suspicion']:.2f} (p {line['suspicion_p']:.2f}), {len(line['windows'])} windows"
    )
