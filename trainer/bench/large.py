"""What a fit of a large set takes: made sounds in the size of ESC-50, fitted in a process whose memory is measured."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.random import Generator
from tqdm.auto import tqdm

from edge.types import F32
from trainer.errors import TrainerError
from trainer.files import write_whole

__all__ = ["main", "make_sounds", "measure_fit"]

RATE_HZ = 16000
CLIP_S = 5.0
N_FOLDS = 5


def main(argv: Sequence[str] | None = None) -> None:
    """Make the sounds where they are not there yet, fit, print and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m trainer.bench.large", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where sounds, run and figures go")
    parser.add_argument("--clips", type=int, default=2000, help="of 5 s (default: %(default)s)")
    parser.add_argument("--classes", type=int, default=50, help="(default: %(default)s)")
    parser.add_argument("--config", type=Path, help="trainer.toml")
    args = parser.parse_args(argv)
    sounds = args.out / "sounds"
    if not sounds.is_dir():
        make_sounds(sounds, n_clips=args.clips, n_classes=args.classes)
    figures = measure_fit(sounds, args.out / "run", args.config)
    write_whole(args.out / "large.json", json.dumps(figures, indent=1))
    print(
        f"{figures['clips']} clips of {figures['classes']} classes: {figures['peak_gib']:.2f} GiB, {figures['s']:.0f} s"
    )


def make_sounds(root: Path, *, n_clips: int, n_classes: int) -> None:
    """A folder a class; whole at once."""
    draft = root.with_name(root.name + ".partial")
    rng = np.random.default_rng(0)
    for i in tqdm(range(n_clips), desc="sounds", unit="clip", disable=None):
        kind = i % n_classes
        folder = draft / f"class_{kind:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        # A name in the ESC form: its first number is the fold.
        name = f"{1 + i // n_classes % N_FOLDS}-{i:06d}-A.flac"
        soundfile.write(folder / name, _sound(kind / n_classes, rng), RATE_HZ)
    draft.rename(root)


def _sound(place: float, rng: Generator) -> F32:
    """A tone and a hiss that pulse; `place` in [0, 1) of a class sets how high and how fast."""
    n_samples = round(CLIP_S * RATE_HZ)
    t = np.arange(n_samples) / RATE_HZ
    pitch_hz = 120.0 * 2 ** (5 * place) * rng.uniform(0.97, 1.03)
    pulse = np.maximum(0.0, np.sin(2 * np.pi * (0.5 + 7 * ((7 * place) % 1)) * t + rng.uniform(0, 6))) ** 2
    sound = 0.3 * np.sin(2 * np.pi * pitch_hz * t) * pulse + 0.03 * ((3 * place) % 1) * rng.standard_normal(n_samples)
    return np.asarray(sound + 0.002 * rng.standard_normal(n_samples), dtype=np.float32)


def measure_fit(sounds: Path, run: Path, config: Path | None) -> dict[str, Any]:
    """`trainer fit` in a process of its own.

    Raises
    ------
    TrainerError : it failed
    """
    command = [sys.executable, "-m", "trainer.cli", "fit", "--data", str(sounds), "--out", str(run)]
    if config is not None:
        command += ["--config", str(config)]
    started = time.monotonic()
    done = subprocess.run(command, check=False)  # noqa: S603 - our own program
    if done.returncode != 0:
        raise TrainerError(f"large: a fit wanted. Got exit code {done.returncode} instead.")
    return {
        "clips": sum(1 for _ in sounds.glob("*/*.flac")),
        "classes": sum(1 for _ in sounds.iterdir()),
        # Linux counts KiB; the largest of the children is the fit.
        "peak_gib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20,
        "s": time.monotonic() - started,
    }


if __name__ == "__main__":
    main()
