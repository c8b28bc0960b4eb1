"""Show the level of a capture device, five times a second: to place a microphone and set its gain."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from dataclasses import asdict
from functools import partial
from queue import SimpleQueue

from edge.config import SourceConfig
from edge.daemon.capture import Microphone
from edge.daemon.level import Level, LevelMeter
from edge.daemon.ring import Ring
from edge.daemon.worker import Worker

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge levels
  edge levels --device "USB PnP" --seconds 60
"""
RATE_HZ = 16000
PERIOD_S = 0.2
BAR_DB = 60
"""The bar's left end is this far below full scale; one character every two dB"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--device", help="name, or part of the name; the default device if absent")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Capture, and print."""
    stop = threading.Event()
    ring = Ring(RATE_HZ, patient=False, wake=lambda: None)
    microphone = Microphone(
        SourceConfig("levels", args.device), rate_hz=RATE_HZ, stall_s=3.0, on_available=lambda _online: None
    )
    microphone.open()
    worker = Worker("capture", partial(microphone.run, ring, stop), ended=SimpleQueue())
    worker.start()
    meter = LevelMeter()
    deadline = time.monotonic() + args.seconds
    try:
        while time.monotonic() < deadline and worker.is_alive():
            stop.wait(PERIOD_S)
            while (chunk := ring.read()) is not None:
                meter.push(chunk.samples)
            if meter.n_samples:
                _show(meter.read(), as_json=args.json)
    finally:
        stop.set()
        worker.join()
        if sys.stdout.isatty() and not args.json:
            print()
    if worker.failure is not None:
        raise worker.failure
    return 0


def _show(level: Level, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(level)), flush=True)
        return
    if level.rms_dbfs is None or level.peak_dbfs is None:
        text = "digital silence"
    else:
        bar = "#" * max(0, round((level.rms_dbfs + BAR_DB) / 2))
        text = f"rms {level.rms_dbfs:6.1f} dBFS  peak {level.peak_dbfs:6.1f} dBFS  {bar}"
    print(f"\r{text:<80}" if sys.stdout.isatty() else text, end="" if sys.stdout.isatty() else "\n", flush=True)
