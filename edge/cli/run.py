"""Listen, judge every hop, and publish.

Without SOURCE: the microphones of the configuration (or --device). SOURCE is a sound file, or - for raw
PCM (s16le, mono) on stdin. With --stdout the verdicts are JSON lines and no broker is needed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from edge.bundle import Bundle, read_bundle
from edge.config import DecisionConfig, EdgeConfig, SourceConfig, slugify
from edge.daemon import app
from edge.daemon.broker_voice import BrokerVoice
from edge.daemon.feeds import FileFeed, PcmFeed
from edge.daemon.prints import VerdictPrinter
from edge.daemon.voice import PrintVoice, Voice
from edge.daemon.wire import Origin, Wire
from edge.errors import ConfigError

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge run --config /etc/tympan/edge.toml
  edge run rain.wav --bundle models/esc10 --fast --stdout
  edge run --device "USB PnP" --bundle models/esc10 --stdout
  arecord -q -t raw -f S16_LE -c 1 -r 16000 | edge run - --bundle models/esc10 --stdout
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="a sound file, or - for raw PCM on stdin")
    parser.add_argument("--config", type=Path, help="edge.toml")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle; wins over the configuration")
    parser.add_argument("--device", help="capture device, name or part of it; wins over the configuration")
    parser.add_argument("--rate", type=int, metavar="HZ", help="sample rate of raw PCM (default: the bundle's)")
    parser.add_argument("--fast", action="store_true", help="a file as fast as it can be judged, not in real time")
    parser.add_argument("--stdout", action="store_true", help="verdicts as JSON lines on stdout, no broker")
    parser.add_argument("--gate", choices=["on", "off"], help="hold the verdict of a window that shows nothing new")
    parser.add_argument("--no-abstain", action="store_true", help="the nearest label in the place of `unknown`")


def main(args: argparse.Namespace) -> int:
    """Until the source ends, or a signal."""
    config = _config(args)
    folder = args.bundle or config.bundle
    if folder is None:
        raise ConfigError("a bundle wanted: --bundle, or bundle in edge.toml. Got neither.")
    if not args.stdout and config.mqtt is None:
        raise ConfigError("somewhere to publish wanted: --stdout, or [mqtt] in edge.toml. Got neither.")
    bundle = read_bundle(folder, golden=True)
    if config.inference.hop_s is not None:
        bundle = bundle.with_hop(config.inference.hop_s)
    app.run(
        config,
        bundle,
        _voice(config, bundle, stdout=args.stdout),
        feed=_feed(args, bundle),
        load=None if args.config is None else partial(_config, args),
    )
    return 0


def _config(args: argparse.Namespace) -> EdgeConfig:
    """The file, and over it what the command line says; read again on reload."""
    config = EdgeConfig() if args.config is None else EdgeConfig.load(args.config)
    if args.device is not None:
        config = replace(config, sources=(SourceConfig("mic", args.device),))
    if args.no_abstain:
        config = replace(config, decision=DecisionConfig(unknown=False))
    if args.gate is not None:
        config = replace(config, inference=replace(config.inference, gate=args.gate == "on"))
    return config


def _voice(config: EdgeConfig, bundle: Bundle, *, stdout: bool) -> Voice:
    if stdout or config.mqtt is None:
        wire = Wire(Origin(config.node, "", bundle.name, bundle.id))
        return PrintVoice(lambda source: VerdictPrinter(source.slug, wire))
    return BrokerVoice(config, config.mqtt, bundle)


def _feed(args: argparse.Namespace, bundle: Bundle) -> app.Feed | None:
    if args.source is None:
        return None
    if args.source == "-":
        rate_hz = bundle.rate_hz if args.rate is None else args.rate
        if not 1000 <= rate_hz <= 384_000:
            raise ConfigError(f"--rate must be in [1000, 384000]. Got {rate_hz} instead.")
        return app.Feed("stdin", PcmFeed(sys.stdin.fileno(), pcm_rate_hz=rate_hz, rate_hz=bundle.rate_hz))
    path = Path(args.source)
    return app.Feed(slugify(path.stem), FileFeed(path, rate_hz=bundle.rate_hz, fast=args.fast))
