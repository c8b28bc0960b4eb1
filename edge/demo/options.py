"""What the demo was asked for, and the bundle that it finds by itself."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigError

__all__ = ["Options", "parse", "reference_bundle"]

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the demo."""

    source: str | None
    """None plays the synthesised programme, `mic` listens, anything else is a sound file"""
    port: int | None
    """Of the broker; None takes a free one"""
    bundle: Path
    seconds: float
    """Longest listening to a microphone or a file"""


def parse(argv: Sequence[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m edge.demo",
        description="Play synthesised sounds to the real daemon and show what it publishes.",
    )
    parser.add_argument("--source", help="mic, or a sound file; without it, ten synthesised sounds and a tampered one")
    parser.add_argument("--port", type=int, help="of the broker that the demo starts (default: a free one)")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle (default: the newest esc10-surf in models/)")
    parser.add_argument("--seconds", type=float, default=90.0, help="of mic or file at most (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.port is not None and not 1 <= args.port <= 65535:
        raise ConfigError(f"PORT must be in [1, 65535]. Got {args.port} instead.")
    if args.source not in {None, "mic"} and not Path(args.source).is_file():
        raise ConfigError(f"SOURCE must be mic or a sound file. Got {args.source} instead.")
    if not 0 < args.seconds <= 100:
        raise ConfigError(f"--seconds must be in (0, 100]. Got {args.seconds:g} instead.")
    return Options(args.source, args.port, args.bundle or reference_bundle(ROOT / "models"), args.seconds)


def reference_bundle(models: Path) -> Path:
    """The SURF bundle of the highest version in a folder of bundles."""
    versions = {}
    for manifest in models.glob("esc10-surf-*/manifest.json"):
        match = re.fullmatch(r"esc10-surf-(\d+)\.(\d+)\.(\d+)", manifest.parent.name)
        if match:
            versions[tuple(int(number) for number in match.groups())] = manifest.parent
    if not versions:
        raise ConfigError(f"a bundle {models}/esc10-surf-N.N.N wanted. Got none; name one with --bundle.")
    return versions[max(versions)]
