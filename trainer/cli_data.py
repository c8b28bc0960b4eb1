"""`trainer data`: the published data sets that can be fetched and read."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ConfigError

if TYPE_CHECKING:
    from trainer.fetch import Source

__all__ = ["EXAMPLES", "configure", "run_data"]

EXAMPLES = """\
examples:
  trainer data list
  trainer data fetch esc50 --out sounds/esc50
  trainer fit --data sounds/esc50 --variant esc10 --out runs/esc10 --folds 1,2,3,4

The licence is shown before the download starts. A download that was cut goes on with the same command.
The official addresses were never reached by the project's own tests, which run against a server of their own."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The two commands and their options."""
    commands = parser.add_subparsers(dest="data_command", metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="what can be fetched: size, licence, checksum, address")
    listing.add_argument("--json", action="store_true", help="for machines")
    fetching = commands.add_parser(
        "fetch",
        help="download a data set, check it and unpack it",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fetching.add_argument("name", metavar="NAME", help="as `trainer data list` gives it")
    fetching.add_argument("--out", type=Path, required=True, metavar="DIR", help="the data set's folder to make")
    fetching.add_argument("--sha256", type=hex_digest, metavar="HEX", help="what the archive must be")
    fetching.add_argument("--url", metavar="URL", help="a mirror of the same archive")
    fetching.add_argument(
        "--retries", type=count, default=4, metavar="N", help="attempts after one that failed (default: 4)"
    )


def run_data(args: argparse.Namespace) -> None:
    """List, or fetch one and print its folder."""
    from trainer.fetch import CATALOGUE, fetch

    if args.data_command == "list":
        sources = list(CATALOGUE.values())
        print(as_json(sources) if args.json else "\n\n".join(map(about, sources)))
        return
    if args.name not in CATALOGUE:
        raise ConfigError(f"data fetch: one of {', '.join(CATALOGUE)} wanted. Got {args.name} instead.")
    source = CATALOGUE[args.name]
    print(about(source), file=sys.stderr, flush=True)
    print(fetch(source, args.out, url=args.url, sha256=args.sha256, retries=args.retries))


def about(source: Source) -> str:
    """One data set for people; the licence first of all."""
    checksum = source.checksum
    known = (
        "none published; the sha256 that came is printed"
        if checksum is None
        else f"{checksum.algorithm} {checksum.digest}"
    )
    return "\n".join(
        (
            f"{source.name}: {source.layout.name}, {source.holds}",
            f"  licence   {source.licence}, {source.licence_url}",
            f"  cite      {source.page}",
            f"  from      {source.url}, about {source.megabytes} MB",
            f"  checksum  {known}",
        )
    )


def as_json(sources: list[Source]) -> str:
    """All of them for machines."""
    rows = [
        {
            "name": source.name,
            "title": source.layout.name,
            "holds": source.holds,
            "url": source.url,
            "megabytes": source.megabytes,
            "licence": source.licence,
            "licence_url": source.licence_url,
            "page": source.page,
            "checksum": None if source.checksum is None else f"{source.checksum.algorithm}:{source.checksum.digest}",
        }
        for source in sources
    ]
    return json.dumps(rows, indent=2)


def hex_digest(text: str) -> str:
    """64 hex digits."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"64 hex digits wanted. Got {text!r} instead.")
    return text


def count(text: str) -> int:
    """A whole number, 0 to 20."""
    if not (text.isascii() and text.isdecimal() and int(text) <= 20):
        raise argparse.ArgumentTypeError(f"a whole number from 0 to 20 wanted. Got {text!r} instead.")
    return int(text)
