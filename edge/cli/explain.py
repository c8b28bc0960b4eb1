"""Show for each window of a sound file why it did or did not become an event.

The file goes through the daemon itself, with the rules of the configuration: what is shown is what
would have been published. With --json a line is what the `debug` topic carries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.bundle import read_bundle
from edge.config import EdgeConfig
from edge.daemon import app
from edge.daemon.feeds import FileFeed
from edge.daemon.prints import ExplainPrinter
from edge.daemon.voice import PrintVoice
from edge.daemon.wire import Origin, Wire
from edge.errors import ConfigError

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge explain night.wav --bundle models/esc10
  edge explain night.wav --config /etc/tympan/edge.toml --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="wav, flac, ogg or mp3; any rate")
    parser.add_argument("--config", type=Path, help="edge.toml with the rules; the defaults if absent")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle; wins over the configuration")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Through the daemon, as fast as it goes."""
    config = EdgeConfig() if args.config is None else EdgeConfig.load(args.config)
    folder = args.bundle or config.bundle
    if folder is None:
        raise ConfigError("a bundle wanted: --bundle, or bundle in edge.toml. Got neither.")
    bundle = read_bundle(folder)
    if config.inference.hop_s is not None:
        bundle = bundle.with_hop(config.inference.hop_s)
    wire = Wire(Origin(config.node, "", bundle.name, bundle.id))
    voice = PrintVoice(lambda source: ExplainPrinter(source.slug, wire, config.events, as_json=args.json))
    feed = app.Feed("file", FileFeed(args.file, rate_hz=bundle.rate_hz, fast=True))
    app.run(config, bundle, voice, feed=feed)
    return 0
