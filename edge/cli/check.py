"""Verify a bundle and replay its golden windows on this machine.

Exit code 0: every file is the one that the manifest lists, and every value is what it was where the
bundle was made, within the manifest's tolerance.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from edge.bundle import read_bundle

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge check --bundle models/esc10
  edge check --bundle models/esc10 --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--bundle", required=True, type=Path, help="folder of the bundle")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(args: argparse.Namespace) -> int:
    """Read, replay, report."""
    bundle = read_bundle(args.bundle)
    report = bundle.replay_golden()
    sizes = {path.name: path.stat().st_size for path in sorted(bundle.path.iterdir())}
    if args.json:
        result = {
            "name": bundle.name,
            "id": bundle.id,
            "labels": list(bundle.labels),
            "bytes": sizes,
            "n_windows": report.n_windows,
            "deviation": report.deviation,
            "tolerance": report.tolerance,
        }
        print(json.dumps(result))
        return 0
    print(f"{bundle.name}  {bundle.id}")
    print(f"{len(bundle.labels)} labels, {sum(sizes.values()) / 1e6:.2f} MB")
    for name, size in sizes.items():
        print(f"  {name:<16} {size:>9} bytes")
    print(f"{report.n_windows} golden windows, largest deviation (tolerance):")
    for name, deviation in report.deviation.items():
        print(f"  {name:<16} {deviation:.2e} ({report.tolerance[name]:g})")
    print("ok")
    return 0
