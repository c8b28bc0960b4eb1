"""`make soak`: the faults that take longer than a test may. Prints what it measured, one JSON object."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from edge.demo.options import reference_bundle
from tests.faults.outage import MOST_DUPLICATES, outage
from tests.mosquitto import running_broker

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """0 if every committed event was received and no other; else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="kill -9 of the daemon (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=15.0, help="between two of them, about (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=50.0, help="times real time (default: %(default)s)")
    args = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        with running_broker(folder / "broker") as broker:
            tally = outage(
                folder,
                reference_bundle(ROOT / "models"),
                broker,
                n_kills=args.kills,
                run_s=args.seconds,
                speed=args.speed,
            )
    good = not tally.lost and not tally.invented
    few = tally.n_duplicates <= 2 * MOST_DUPLICATES * tally.n_kills
    print(json.dumps({"took_s": round(time.monotonic() - began_s), **asdict(tally)}))
    return 0 if good and few else 1


if __name__ == "__main__":
    sys.exit(main())
