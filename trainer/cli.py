"""The `trainer` command: fit, export, evaluate, sweep, compare, attack, bench, inspect, data.

Results go to stdout, logs to stderr. An error is one sentence and the exit code of its class
(`edge.errors`, `trainer.errors`). TensorFlow is loaded only by what trains or attacks.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from edge.errors import ConfigError, EdgeError
from trainer.cli_attack import run_attack
from trainer.cli_common import config_of, finish, selected
from trainer.cli_data import run_data
from trainer.cli_options import build_parser

__all__ = ["main"]

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, give its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(words)
    args.command_line = shlex.join(["trainer", *words])
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if args.verbose else logging.INFO,
        format="%(asctime)s %(name)s: %(message)s",
        force=True,
    )
    # TensorFlow's own lines say nothing to a user of this command.
    logging.getLogger("tensorflow").setLevel(logging.DEBUG if args.verbose else logging.WARNING)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if args.verbose else "3")
    try:
        HANDLERS[args.command](args)
    except EdgeError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("trainer: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def run_fit(args: argparse.Namespace) -> None:
    """Fit every stage on a folder of sounds."""
    from trainer.credits import without_licences
    from trainer.data import check_trainable

    dataset = without_licences(selected(args.data, args.folds, args.variant), args.without_licence)
    check_trainable(dataset)
    config = config_of(args)
    # TensorFlow is loaded here, after everything that can be wrong with the arguments.
    from trainer.fit.run import fit

    print(fit(dataset, config, args.out))


def run_export(args: argparse.Namespace) -> None:
    """Make a bundle of a run."""
    from trainer.export import export

    print(export(args.run, target=args.target, out=args.out, figures=args.figures))


def run_evaluate(args: argparse.Namespace) -> None:
    """Score deployed bundles."""
    unknown = args.protocol == "unknown"
    lofo = args.protocol == "lofo" or unknown
    unused = [
        name
        for name, given in {
            "BUNDLE": lofo and args.bundle is not None,
            "--allow-train-clips": lofo and args.allow_train_clips,
            "--run": lofo and args.run is not None,
            "--config": not lofo and args.config is not None,
            "--seed": not lofo and args.seed is not None,
            "--out": not lofo and args.out is not None,
            "--all-folds": not unknown and args.all_folds,
            "--stages": unknown and args.stages,
            "--streaming": unknown and args.streaming,
            "--gate": unknown and args.gate,
            "--report": unknown and args.report is not None,
        }.items()
        if given
    ]
    if unused:
        raise ConfigError(f"evaluate: options of protocol {args.protocol} wanted. Got {', '.join(unused)} instead.")
    if not lofo and args.bundle is None:
        raise ConfigError("evaluate: a BUNDLE, or --protocol lofo, wanted. Got neither instead.")
    from trainer.conditions import condition_rows, measure_conditions
    from trainer.evaluate import evaluate_bundle, summary
    from trainer.gate import gate_rows, measure_gate
    from trainer.lofo import evaluate_lofo
    from trainer.stages import measure_stages, stage_rows
    from trainer.streaming import measure_streaming, streaming_rows

    dataset = selected(args.data, args.folds, args.variant)
    if unknown:
        run_unknown(args, dataset)
        return
    if lofo:
        evaluation = evaluate_lofo(dataset, config_of(args), args.out, command=args.command_line)
    else:
        evaluation = evaluate_bundle(
            args.bundle,
            dataset,
            run=args.run,
            allow_train_clips=args.allow_train_clips,
            command=args.command_line,
        )
    figures = evaluation.to_json()
    measures: dict[str, tuple[Any, Any]] = {
        "stages": (measure_stages, stage_rows),
        "conditions": (measure_conditions, condition_rows),
        "streaming": (measure_streaming, streaming_rows),
        "gate": (measure_gate, gate_rows),
    }
    asked = {name: pair for name, pair in measures.items() if getattr(args, name)}
    for name, (measure, _) in asked.items():
        figures[name] = measure(evaluation)
    if args.report is not None:
        from trainer.report import write_report

        logging.getLogger("trainer.cli").info("report: %s", write_report(evaluation, args.report, figures))
    rows = [row for name, (_, rows_of) in asked.items() for row in rows_of(figures[name])]
    finish(args, figures, "\n".join([summary(figures), *(" | ".join(row) for row in rows)]))


def run_unknown(args: argparse.Namespace, dataset: Any) -> None:
    """Ask bundles about classes that they were fitted without."""
    from trainer.unknown import measure_unknown, unknown_summary

    figures = measure_unknown(dataset, config_of(args), args.out, all_folds=args.all_folds, command=args.command_line)
    finish(args, figures, unknown_summary(figures))


def run_compare(args: argparse.Namespace) -> None:
    """Compare the pipeline with itself without each stage, and with other systems."""
    from trainer.compare.systems import chosen

    systems = chosen(args.systems)
    dataset = selected(args.data, args.folds, args.variant)
    config = config_of(args)
    from trainer.compare.report import comparison_text, write_comparison
    from trainer.compare.run import compare

    figures = compare(
        dataset,
        config,
        args.out,
        systems=systems,
        bundles=args.bundles,
        all_conditions=args.conditions,
        jobs=args.jobs,
    )
    figures |= {"command": args.command_line}
    for path in write_comparison(figures, args.out):
        logging.getLogger("trainer.cli").info("written: %s", path)
    finish(args, figures, comparison_text(figures))


def run_sweep(args: argparse.Namespace) -> None:
    """Search a space of configurations."""
    from trainer.sweep.report import sweep_summary, write_page
    from trainer.sweep.run import sweep
    from trainer.sweep.space import load_space

    base = config_of(args)
    space = load_space(args.space, base)
    figures = sweep(
        selected(args.data, args.folds, args.variant),
        base,
        space,
        args.out,
        budget_minutes=args.budget_minutes,
        n_jobs=args.jobs,
        with_reference=not args.no_reference,
        command=args.command_line,
    )
    logging.getLogger("trainer.cli").info("report: %s", write_page(figures, args.out / "sweep.html"))
    finish(args, figures, sweep_summary(figures))


def run_bench(args: argparse.Namespace) -> None:
    """Measure what a bundle costs beside other systems."""
    from trainer.bench.history import append, entry_of, read_history, slow_down
    from trainer.bench.run import bench

    path = args.history or args.out / "history.jsonl"
    history = read_history(path)
    figures = bench(args.bundle, n_rounds=args.rounds) | {"command": args.command_line}
    figures["slow_down"] = slow_down(history, entry_of(figures))
    from trainer.bench.report import bench_text, write_bench

    for written in write_bench(figures, args.out):
        logging.getLogger("trainer.cli").info("written: %s", written)
    append(path, entry_of(figures))
    finish(args, figures, bench_text(figures))


def run_inspect(args: argparse.Namespace) -> None:
    """Say what a bundle is."""
    from edge.bundle import read_bundle
    from trainer.describe import describe, describe_text

    bundle = read_bundle(args.bundle)
    print(json.dumps(describe(bundle), indent=2) if args.json else describe_text(bundle))


HANDLERS = {
    "fit": run_fit,
    "export": run_export,
    "evaluate": run_evaluate,
    "compare": run_compare,
    "attack": run_attack,
    "sweep": run_sweep,
    "bench": run_bench,
    "inspect": run_inspect,
    "data": run_data,
}


if __name__ == "__main__":
    sys.exit(main())
