"""The `edge` command: one file a subcommand, loaded only when it is asked for.

Results go to stdout, logs to stderr, an error of ours is one sentence and its own exit code; a bug
keeps its traceback.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from edge import __version__
from edge.errors import EdgeError

__all__ = ["main"]

COMMANDS = {
    "run": "listen, judge and publish: a microphone, a file or raw PCM on stdin",
    "check": "replay a bundle's golden windows on this machine",
    "classify": "judge sound files, one verdict a file",
    "explain": "show for each window of a file why it did or did not become an event",
    "mqtt-test": "test the way to the broker by stages: DNS, TCP, TLS, CONNECT, ACL, round trip",
    "support-dump": "collect what a helper needs to see, without secrets",
    "devices": "list the capture devices",
    "levels": "show the level of a capture device",
    "bench": "measure what a bundle costs on this machine",
}
EXAMPLES = """\
examples:
  edge check --bundle models/esc10
  edge classify bark.wav rain.ogg --bundle models/esc10 --json
  edge run rain.wav --bundle models/esc10 --fast --stdout
  edge run --config /etc/tympan/edge.toml

exit codes:
  0 done   2 wrong usage   65 bad bundle   69 broker   70 a stage   74 sound or device   78 configuration
"""
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit code."""
    # One window is small: more threads cost more than they give. Before numpy is imported, or it is too late.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    args = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="edge",
        description="Tympan on the device: a streaming sound classifier that says when it suspects tampering.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tympan {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = next((arg for arg in args if not arg.startswith("-")), None)
    for name, summary in COMMANDS.items():
        described = importlib.import_module(f"edge.cli.{name.replace('-', '_')}") if name == asked else None
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=None if described is None else described.__doc__,
            epilog=None if described is None else described.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if described is not None:
            described.configure(subparser)
            subparser.set_defaults(work=described.main)
    return _run(parser.parse_args(args))


def _run(args: argparse.Namespace) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s", force=True)
    try:
        code: int = args.work(args)
        sys.stdout.flush()
    except EdgeError as error:
        print(f"edge {args.command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more while it ends
        return BROKEN_PIPE
    return code
