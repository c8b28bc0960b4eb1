"""One variant for a number of hops in a process as light as can be: what valgrind counts.

python -m trainer.bench.child BUNDLE FOLDER VARIANT HOPS
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trainer.bench.log_mel import RATE_HZ
from trainer.bench.streams import Tape
from trainer.bench.variants import VARIANTS, Prepared

__all__ = ["main"]


def main(argv: Sequence[str]) -> None:
    """Run it; nothing is printed."""
    bundle, folder, name, hops = argv
    prepared = Prepared(Path(bundle), Path(folder))
    variant = next(variant for variant in VARIANTS if variant.name == name)
    tape = Tape(np.load(prepared.folder / f"{variant.stream}.npy"))
    runner = variant.make(prepared)
    for _ in range(int(hops)):
        runner(tape.take(round(variant.hop_s * RATE_HZ)))


if __name__ == "__main__":
    main(sys.argv[1:])
