"""The whole run, top to bottom: root, wheels, plugin, emulator; then what must hold, and what it costs."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from deploy.arm64.checks import check_file, check_golden, check_tests
from deploy.arm64.guest import CPUS, Guest, make_guest
from deploy.arm64.instructions import count_instructions
from deploy.arm64.plugin import build_plugin
from deploy.arm64.report import RENDER, render
from deploy.arm64.root import build_root, install_wheels
from deploy.arm64.tools import ToolError
from edge.bundle import read_bundle
from edge.errors import EdgeError

__all__ = ["main", "parse"]

log = logging.getLogger("arm64")

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = """\
examples:
  make arm64
  make arm64 ARGS="--cpu cortex-a72 --steps golden file"
  .cache/arm64/python -m edge.cli check --bundle models/esc10-surf-0.1.0    # anything else, once it was made
"""
FAILED = 1


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.arm64",
        description="Run the edge on arm64 in an emulator, and compare it with this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--cpu", choices=CPUS, default="cortex-a53", help="processor (default: %(default)s)")
    parser.add_argument("--steps", nargs="+", choices=RENDER, default=list(RENDER), help="some of the steps")
    parser.add_argument("--cache", type=Path, default=REPOSITORY / ".cache" / "arm64", help="what is built and kept")
    parser.add_argument("--json", type=Path, help="the figures as a file")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Build what is missing, run the steps; 0 if everything holds."""
    args = parse(argv)
    cache, bundle = args.cache.resolve(), args.bundle.resolve()
    read_bundle(bundle)
    root, wheels = build_root(cache), install_wheels(cache, REPOSITORY)
    guest = make_guest(cache, root=root, wheels=wheels, repository=REPOSITORY, cpu=args.cpu)
    work: dict[str, Callable[[], dict[str, Any]]] = {
        "golden": partial(check_golden, guest, bundle),
        "tests": partial(check_tests, guest, cache),
        "file": partial(check_file, guest, bundle, cache),
        "instructions": partial(counted, guest, bundle, cache),
    }
    steps = {name: attempt(name, work[name]) for name in RENDER if name in args.steps}
    figures = {"cpu": guest.cpu, "qemu": guest.qemu, "bundle": bundle.name, "steps": steps}
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(render(figures))
    return 0 if all(step["holds"] for step in steps.values()) else FAILED


def counted(guest: Guest, bundle: Path, cache: Path) -> dict[str, Any]:
    """The plugin is built where it is needed: the other steps do without a compiler."""
    return count_instructions(guest, build_plugin(cache), bundle, cache)


def attempt(name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A step's figures, or why there are none: the others are worth having, too."""
    log.info("%s", name)
    try:
        return work()
    except ToolError as error:
        return {"holds": False, "error": str(error)}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        sys.exit(main(sys.argv[1:]))
    except EdgeError as error:
        print(f"arm64: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
