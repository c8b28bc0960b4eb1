"""List the capture devices; the name, or a part that no other has, goes into edge.toml."""

from __future__ import annotations

import argparse
import json
import sys
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
    """One line a device, the default is marked; where there is none, stderr says so."""
    devices = list_devices()
    if not devices:
        print("edge: no capture device found (arecord -l lists those that ALSA knows)", file=sys.stderr)
    for device in devices:
        if args.json:
            print(json.dumps(asdict(device), ensure_ascii=False))
        else:
            mark = "*" if device.is_default else " "
            print(f"{mark} {device.name} ({device.channels} channels, {device.rate_hz:g} Hz)")
    return 0
