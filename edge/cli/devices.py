"""List the capture devices; the name, or a part that no other has, goes into edge.toml."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from edge.daemon.devices import list_devices

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge devices
  edge devices --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """One line a device; the default is marked."""
    for device in list_devices():
        if args.json:
            print(json.dumps(asdict(device), ensure_ascii=False))
        else:
            mark = "*" if device.is_default else " "
            print(f"{mark} {device.name} ({device.channels} channels, {device.rate_hz:g} Hz)")
    return 0
