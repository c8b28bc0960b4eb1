"""`trainer attack`: held-out clips perturbed, and the deployed bundle asked."""

from __future__ import annotations

import argparse
import json

from edge.errors import ConfigError
from trainer.cli_common import finish, selected
from trainer.errors import AttackError
from trainer.files import write_whole

__all__ = ["run_attack"]


def run_attack(args: argparse.Namespace) -> None:
    """Perturb held-out clips and ask the deployed bundle."""
    from trainer.attack.names import ATTACKS
    from trainer.attack.run import Plan, attack_bundle, summary

    unknown = [name for name in args.attack if name not in ATTACKS]
    if unknown:
        raise ConfigError(f"--attack must be of {', '.join(sorted(ATTACKS))}. Got {', '.join(unknown)} instead.")
    dataset = selected(args.data, None, args.variant)
    plan = Plan(
        attacks=tuple(dict.fromkeys(args.attack)),
        snr_db=tuple(sorted(set(args.snr_db), reverse=True)),
        n_clips=args.clips,
        queries=args.queries,
        seed=args.seed,
    )
    figures = attack_bundle(
        args.bundle,
        dataset,
        plan,
        folds=args.folds,
        surrogate_folds=args.surrogate_folds,
        out=args.out,
        allow_train_clips=args.allow_train_clips,
    )
    figures |= {"command": args.command_line}
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        write_whole(args.out / "attack.json", json.dumps(figures, indent=2) + "\n")
    finish(args, figures, summary(figures))
    failed = [name for name, gate in figures["gates"].items() if not gate["passed"]]
    if failed:
        raise AttackError(
            f"attack: a sound attack wanted. Got failed gates {', '.join(failed)}: no figure here counts."
        )
