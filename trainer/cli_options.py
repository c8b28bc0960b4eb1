"""The options of the `trainer` command, and the examples of its --help."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from edge import __version__
from trainer import cli_data

__all__ = ["build_parser"]

EXAMPLES = {
    "trainer": """\
examples:
  trainer fit --data sounds --out runs/a --folds 1,2,3
  trainer export runs/a --target tflite --out models/a-0.1.0
  trainer evaluate models/a-0.1.0 --data sounds --folds 4 --json a.json --report report
  trainer inspect models/a-0.1.0""",
    "fit": """\
examples:
  trainer fit --data sounds --out runs/a
  trainer fit --data sounds --out runs/a --config trainer.toml --folds 1,2,3 --seed 7
  trainer fit --data ESC-50-master --variant esc10 --out runs/esc10 --folds 1,2,3,4

DIR holds one folder a class, or is the folder of a published data set, told by what lies in it: ESC-50,
UrbanSound8K, Speech Commands, Free Spoken Digit Dataset (`trainer data list`). Folds come from DIR/folds.csv
(file,fold) where there is one. Else a published data set has its published folds (Speech Commands: 1 training,
2 validation, 3 testing), but the spoken digits have one a speaker, and with --variant takes the published test
set in fold 1. In class folders they come from names in the ESC form (1-100032-A.ogg is in fold 1), or, without,
from the files' content.""",
    "export": """\
example:
  trainer export runs/a --target tflite --out models/a-0.1.0 --figures lofo.json""",
    "evaluate": """\
examples:
  trainer evaluate models/a-0.1.0 --data sounds --folds 4 --json a.json --report report
  trainer evaluate models/a-0.1.0 --data sounds --folds 4 --stages --run runs/a
  trainer evaluate --protocol lofo --config trainer.toml --data sounds --json lofo.json --report report
  trainer evaluate --protocol unknown --data sounds --out runs/unknown --json unknown.json

unknown leaves classes out of the fit, two at a time, and asks whether they are told from the known.
lofo fits and exports one bundle a fold and scores each on its own fold; folds that are finished
under --out (default: a folder in runs/ named by configuration, data and program) are used again.""",
    "compare": """\
examples:
  trainer compare --data sounds --out runs/compare --jobs 2
  trainer compare --data sounds --out runs/compare --bundles runs/lofo --jobs 2 --json compare.json
  trainer compare --data sounds --out runs/compare --systems full without_dae cnn_logmel

Every fold is scored by systems fitted on the others, each on the same sounds: clean, and under white noise at 20 and
10 dB. A run that was stopped goes on where it was. --bundles takes the full pipeline's folds from where
`trainer evaluate --protocol lofo` left them. DIR gets compare.json, compare.html and compare.png.""",
    "attack": """\
examples:
  trainer attack models/a-0.1.0 --data sounds --folds 4 --attack transfer-pgd --snr-db 30 \\
      --surrogate-folds 1,2,3 --json attack.json --out runs/attack
  trainer attack models/a-0.1.0 --data sounds --folds 4 --attack apgd square --snr-db 40 30 20 --clips 20 --out runs/lab

White box (fgsm, bim, pgd, apgd, cw, adaptive) goes through a differentiable copy of the bundle; square, nes and
hopskipjump only ask it; transfer-pgd attacks a network instead. The bundle itself confirms every success. DIR gets
attack.json; the worst case at a size counts the successes at smaller sizes, too.""",
    "sweep": """\
examples:
  trainer sweep --data sounds --out runs/sweep --budget-minutes 40
  trainer sweep --data sounds --out runs/sweep --space space.toml --config trainer.toml --jobs 4
  trainer fit --data sounds --out runs/best --config runs/sweep/trainer.toml

The space is a TOML file of stages with candidates, each a named part of a trainer.toml; without --space it is that of
trainer/sweep/space.toml. Choices are made on inner folds; each outer fold is judged once, at the end, and the touches
are counted. A sweep that was stopped goes on with the same command. The budget is for the search of this call: what
is in --out costs nothing, and the bundles of the outer folds are always fitted.""",
    "bench": """\
examples:
  trainer bench models/a-0.1.0 --out runs/bench
  trainer bench models/a-0.1.0 --out runs/bench --rounds 10 --json bench.json --history bench.jsonl

One process on one core, one thread: the bundle, YAMNet's architecture and a MobileNet in turn; then the daemon as a
process, and instructions where valgrind is installed. DIR gets bench.json, bench.png, bench.md and history.jsonl. If a
ratio became much worse since the last entry of the same processor, a sentence says so. Targets are shown, not more.""",
    "inspect": """\
examples:
  trainer inspect models/a-0.1.0
  trainer inspect models/a-0.1.0 --json""",
    "data": cli_data.EXAMPLES,
}


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="trainer",
        description="Fit, export, evaluate and attack Tympan's sound classifiers.",
        epilog=EXAMPLES["trainer"],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tympan {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=EXAMPLES[name],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    add_fit_options(command("fit", "fit every stage on a folder of class folders"))
    export = command("export", "make a bundle of a run: int8, checksums, golden windows")
    export.add_argument("run", type=Path, metavar="RUN", help="folder that `trainer fit` made")
    export.add_argument("--target", required=True, help="runtime of the bundle, e.g. tflite")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="bundle folder to make")
    export.add_argument("--figures", type=Path, metavar="F", help="JSON of `trainer evaluate`, for the model card")
    add_evaluate_options(command("evaluate", "score deployed bundles on clips they were not fitted on"))
    add_compare_options(command("compare", "the pipeline, each stage removed, other systems: one table"))
    add_attack_options(command("attack", "perturb held-out clips and ask the deployed bundle"))
    add_sweep_options(command("sweep", "search a space of configurations on inner folds"))
    add_bench_options(command("bench", "measure what a bundle costs beside YAMNet and a MobileNet"))
    inspect = command("inspect", "say what a bundle is")
    inspect.add_argument("bundle", type=Path, metavar="BUNDLE")
    inspect.add_argument("--json", action="store_true", help="for machines")
    cli_data.configure(command("data", "list and fetch published data sets"))
    return parser


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Shared by every command that reads sounds."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder of class folders, or a published data set"
    )
    parser.add_argument("--variant", metavar="NAME", help="esc10 of ESC-50; takes of the spoken digits (default: none)")
    parser.add_argument("--folds", type=fold_list, metavar="N,N", help="use only these folds (default: all)")


def add_fit_options(parser: argparse.ArgumentParser) -> None:
    """Options of `fit`."""
    add_data_options(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="run folder to make")
    parser.add_argument("--config", type=Path, metavar="F", help="trainer.toml (default: built-in values)")
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument(
        "--without-licence",
        action="append",
        default=[],
        metavar="L",
        help="leave out the clips that DIR/credits.csv puts under this licence; may be repeated",
    )


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Options of `evaluate`."""
    parser.add_argument("bundle", type=Path, nargs="?", metavar="BUNDLE")
    add_data_options(parser)
    parser.add_argument("--protocol", choices=["held_out", "lofo", "unknown"], default="held_out")
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures; - for stdout")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write an HTML page with pictures")
    parser.add_argument("--stages", action="store_true", help="measure rank, autoencoder and SVM too")
    parser.add_argument("--conditions", action="store_true", help="measure under noise and in rooms, too")
    parser.add_argument("--streaming", action="store_true", help="measure the clips as one stream, too")
    parser.add_argument("--gate", action="store_true", help="measure what the first look of `edge run` misses, too")
    parser.add_argument("--run", type=Path, metavar="RUN", help="the bundle's run, for --stages")
    parser.add_argument("--allow-train-clips", action="store_true", help="score clips that were fitted on, marked so")
    parser.add_argument("--config", type=Path, metavar="F", help="lofo, unknown: trainer.toml")
    parser.add_argument("--seed", type=int, metavar="N", help="lofo, unknown: instead of the configuration's")
    parser.add_argument("--out", type=Path, metavar="DIR", help="lofo, unknown: where runs and bundles are kept")
    parser.add_argument("--all-folds", action="store_true", help="unknown: every fold a group, not one in rotation")


def add_compare_options(parser: argparse.ArgumentParser) -> None:
    """Options of `compare`."""
    add_data_options(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where everything is kept")
    parser.add_argument("--systems", nargs="+", metavar="NAME", help="only these (default: all but a few)")
    parser.add_argument("--bundles", type=Path, metavar="LOFO_OUT", help="the full pipeline's folds: --out of lofo")
    parser.add_argument("--conditions", action="store_true", help="measure under other noise and in rooms, too")
    parser.add_argument("--config", type=Path, metavar="F", help="trainer.toml (default: built-in values)")
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes, one thread each (default: 1)")
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures; - for stdout")


def add_attack_options(parser: argparse.ArgumentParser) -> None:
    """Options of `attack`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    add_data_options(parser)
    parser.add_argument("--attack", nargs="+", default=["transfer-pgd"], metavar="NAME", help="(default: transfer-pgd)")
    parser.add_argument(
        "--snr-db", nargs="+", type=decibels, default=[30.0], metavar="DB", help="sizes, over the active part of a clip"
    )
    parser.add_argument("--clips", type=positive, metavar="N", help="in turn of each class (default: all)")
    parser.add_argument("--queries", type=positive, default=500, metavar="N", help="a clip (default: %(default)s)")
    parser.add_argument(
        "--surrogate-folds", type=fold_list, metavar="N,N", help="what the stand-in is fitted on (default: the rest)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures; - for stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the stand-in and the perturbed clips")
    parser.add_argument("--allow-train-clips", action="store_true", help="attack clips that were fitted on, marked so")


def add_sweep_options(parser: argparse.ArgumentParser) -> None:
    """Options of `sweep`."""
    add_data_options(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="results, and what is finished so far")
    parser.add_argument("--space", type=Path, metavar="F", help="what is tried (default: the built-in space)")
    parser.add_argument("--budget-minutes", type=minutes, metavar="N", help="time for the search (default: no limit)")
    parser.add_argument(
        "--config", type=Path, metavar="F", help="trainer.toml to begin with (default: built-in values)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument("--jobs", type=n_jobs, default=2, metavar="N", help="processes of one thread (default: 2)")
    parser.add_argument("--no-reference", action="store_true", help="do not judge the choices without autoencoder, too")
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures; - for stdout")


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Options of `bench`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), metavar="DIR", help="(default: %(default)s)")
    parser.add_argument("--rounds", type=positive, default=30, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--history", type=Path, metavar="F", help="JSON lines (default: history.jsonl in --out)")
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures; - for stdout")


def decibels(text: str) -> float:
    """A finite level."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"a finite number of dB wanted. Got {text} instead.")
    return value


def minutes(text: str) -> float:
    """A time >= 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"minutes >= 0 wanted. Got {text!r} instead.")
    return value


def n_jobs(text: str) -> int:
    """A number of processes, 1 to 64."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 64 wanted. Got {text!r} instead.")
    return int(text)


def fold_list(text: str) -> tuple[int, ...]:
    """`1,2,3` -> (1, 2, 3)."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"folds must be whole numbers, N,N. Got {text!r} instead.") from error


def positive(text: str) -> int:
    """`2` -> 2; at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number >= 1 wanted. Got {text!r} instead.")
    return int(text)
