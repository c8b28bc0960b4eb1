"""Test the way to the broker by stages: DNS, TCP, TLS, CONNECT, ACL, round trip.

It stops at the first stage that fails and says what came. It runs beside the daemon without
disturbing it, and writes only to `response/test` and `cmd/test` of the node.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from edge.config import EdgeConfig
from edge.daemon.probe import STAGES, probe
from edge.errors import ConfigError, PublishError

__all__ = ["EXAMPLES", "configure", "main"]

EXAMPLES = """\
examples:
  edge mqtt-test --config /etc/tympan/edge.toml
  edge mqtt-test --config /etc/tympan/edge.toml --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--config", type=Path, required=True, help="edge.toml with an [mqtt] table")
    parser.add_argument("--json", action="store_true", help="one JSON object a stage")


def main(args: argparse.Namespace) -> int:
    """0 if every stage passes, 69 if one does not."""
    config = EdgeConfig.load(args.config)
    if config.mqtt is None:
        raise ConfigError(f"{args.config.name}: a broker in [mqtt] wanted. Got none.")
    passed = 0
    for stage in probe(config.mqtt, config.node):
        passed += stage.ok
        if args.json:
            print(json.dumps({"stage": stage.name, **asdict(stage)}), flush=True)
        else:
            print(f"{stage.name:<11} {'ok' if stage.ok else 'FAILED':<7} {stage.detail}", flush=True)
    return 0 if passed == len(STAGES) else PublishError.exit_code
