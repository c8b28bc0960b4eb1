"""The story of `trainer attack`: choose clips, fit a stand-in if one is needed, attack, confirm, report."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from edge.bundle import Bundle, read_bundle
from edge.errors import ConfigError
from trainer.attack.budget import Snr
from trainer.attack.lab import Lab, Row, gates, row_of_transfer, worst_case, worst_suspicion
from trainer.attack.names import TRANSFER
from trainer.attack.pgd import Pgd
from trainer.attack.transfer import Outcome, confirm, targets_of, write_clips
from trainer.attack.victim import bundle_victim, network_victim
from trainer.data import Dataset, read_clip
from trainer.errors import AttackError
from trainer.evaluate import TRAIN_CLIPS_MARK, accuracy, check_held_out
from trainer.surrogate import Surrogate, SurrogateConfig, fit_surrogate_cached

__all__ = ["Plan", "attack_bundle", "summary"]

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is run."""

    attacks: tuple[str, ...]
    """Of `trainer.attack.names.ATTACKS`"""
    snr_db: tuple[float, ...]
    n_clips: int | None
    """None = all"""
    queries: int
    """A clip, of query attacks"""
    seed: int


def attack_bundle(
    path: Path,
    dataset: Dataset,
    plan: Plan,
    *,
    folds: tuple[int, ...] | None,
    surrogate_folds: tuple[int, ...] | None,
    out: Path | None,
    allow_train_clips: bool,
    config: SurrogateConfig | None = None,
) -> dict[str, Any]:
    """All figures of the attacks on the clips of `folds`, with a stand-in fitted on `surrogate_folds` (the rest)."""
    bundle = read_bundle(path)
    held_out = dataset if folds is None else dataset.only_folds(folds)
    train_clips = check_held_out(bundle, held_out.clips, allow=allow_train_clips)
    held_out, silent = without_silence(held_out, rate_hz=bundle.rate_hz)
    held_out = some_of_each(held_out, plan.n_clips)
    transfers: list[Outcome] = []
    stand_in: dict[str, Any] = {}
    if TRANSFER in plan.attacks:
        training = rest_of(dataset, held_out, surrogate_folds)
        stand_in = {"surrogate_folds": list(training.folds)}
        with tempfile.TemporaryDirectory() as scratch:
            wanted = config or SurrogateConfig(rate_hz=bundle.rate_hz, seed=plan.seed)
            surrogate = fit_surrogate_cached(training, wanted, (out or Path(scratch)) / "surrogate")
        transfers = [transfer(bundle, held_out, surrogate, snr_db, plan, out) for snr_db in plan.snr_db]
    rows, clean = rows_of(bundle, held_out, plan, transfers)
    return {
        "schema": SCHEMA,
        "seed": plan.seed,
        "bundle_id": bundle.id,
        "data_sha256": held_out.sha256,
        "folds": list(held_out.folds),
        "train_clips": train_clips,
        "left_out_silent": silent,
        "clean": clean,
        "attacks": [row.to_json() for row in rows],
        "worst_case": worst_case(rows, len(held_out.clips)),
        "suspicion": worst_suspicion(rows),
        "gates": gates(rows) | transfer_gates(transfers),
        "transfer": [outcome.to_json() | stand_in for outcome in transfers],
    }


def rows_of(
    bundle: Bundle, held_out: Dataset, plan: Plan, transfers: Sequence[Outcome]
) -> tuple[list[Row], dict[str, Any]]:
    """A row an attack and size, and the accuracy before any of them."""
    victim = bundle_victim(bundle)
    targets = targets_of(held_out, rate_hz=bundle.rate_hz)
    clean = [victim.judge(target.samples) for target in targets]
    right = [i for i, (target, said) in enumerate(zip(targets, clean, strict=True)) if said.label == target.label]
    if not right:
        raise AttackError(f"attack: a clip that is right before wanted. Got {len(targets)} wrong ones instead.")
    lab = Lab(victim, tuple(targets[i] for i in right), tuple(clean[i] for i in right), plan.seed)
    rows = [row_of_transfer(outcome, snr_db, right) for outcome, snr_db in zip(transfers, plan.snr_db, strict=False)]
    names = [name for name in plan.attacks if name != TRANSFER]
    rows += [lab.row(name, snr_db, plan.queries) for snr_db in plan.snr_db for name in names]
    return rows, accuracy(len(right), len(targets))


def rest_of(dataset: Dataset, held_out: Dataset, surrogate_folds: tuple[int, ...] | None) -> Dataset:
    """What the stand-in is fitted on: nothing that is attacked.

    Raises
    ------
    ConfigError : no fold is left, or one of them is attacked
    """
    rest = set(dataset.folds) - set(held_out.folds) if surrogate_folds is None else set(surrogate_folds)
    both = rest & set(held_out.folds)
    if not rest or both:
        got = "none" if not rest else ", ".join(map(str, sorted(both)))
        raise ConfigError(f"--surrogate-folds must name folds that are not attacked. Got {got} instead.")
    return dataset.only_folds(rest)


def transfer(
    bundle: Bundle, held_out: Dataset, surrogate: Surrogate, snr_db: float, plan: Plan, out: Path | None
) -> Outcome:
    """PGD on the stand-in at one size, confirmed on the bundle; the clips are kept in `out`."""
    attack = Pgd(budget=Snr(db=snr_db), seed=plan.seed)
    outcome = confirm(bundle, held_out, attack, network_victim(surrogate.logits))
    if out is not None:
        folder = out / "clips" if len(plan.snr_db) == 1 else out / "clips" / f"{snr_db:g}dB"
        write_clips(folder, held_out, outcome, rate_hz=bundle.rate_hz)
    return outcome


def transfer_gates(transfers: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Each of the stand-in's gates over all sizes; the value is the share of sizes that passed."""
    each = [outcome.gates() for outcome in transfers]
    names = each[0] if each else {}
    shares = {name: sum(passed[name] for passed in each) / len(each) for name in names}
    return {name: {"passed": share == 1.0, "value": share} for name, share in shares.items()}


def some_of_each(dataset: Dataset, n_clips: int | None) -> Dataset:
    """The first clips of every class in turn, `n_clips` in all, in the data set's order."""
    if n_clips is None:
        return dataset
    by_class = [[clip for clip in dataset.clips if clip.label == label] for label in dataset.labels]
    dealt = [clip for turn in zip_longest(*by_class) for clip in turn if clip is not None]
    chosen = set(dealt[:n_clips])
    return replace(dataset, clips=tuple(clip for clip in dataset.clips if clip in chosen))


def without_silence(dataset: Dataset, *, rate_hz: int) -> tuple[Dataset, list[str]]:
    """The clips that can be attacked, and the names of those that are digital silence: they have no SNR.

    Raises
    ------
    AttackError : there is nothing but silence
    """
    sounding = tuple(clip for clip in dataset.clips if read_clip(clip, rate_hz=rate_hz).any())
    if not sounding:
        raise AttackError(f"{dataset.root}: a clip with sound wanted. Got {len(dataset.clips)} silent clips instead.")
    silent = sorted(clip.path.name for clip in set(dataset.clips) - set(sounding))
    return replace(dataset, clips=sounding), silent


def summary(figures: dict[str, Any]) -> str:
    """For a terminal: the attacks, their control, their proof, and what suspicion saw."""
    lines = [TRAIN_CLIPS_MARK] if figures["train_clips"] else []
    lines.append(f"clean accuracy      {rate(figures['clean'], 'accuracy')}, on folds {figures['folds']}")
    for row in figures["attacks"]:
        noise = row["random_twin"]["fooled"]
        by_noise = f", by noise {noise['value']:.1%}" if noise else ""
        lines.append(f"{row['name']:<13}{row['snr_db']:>4g} dB  fooled {rate(row, 'fooled')}{by_noise}")
    lines.extend(
        f"worst case   {row['snr_db']:>4g} dB  accuracy {rate(row, 'accuracy')}" for row in figures["worst_case"]
    )
    for outcome in figures["transfer"]:
        lines.extend(transfer_lines(outcome))
    lines.extend(f"GATE FAILED: {name}" for name, gate in figures["gates"].items() if not gate["passed"])
    return "\n".join(lines)


def transfer_lines(figures: dict[str, Any]) -> list[str]:
    """The stand-in's own part."""
    said = ", ".join(f"{name.replace('_', ' ')} {row['accuracy']:.1%}" for name, row in figures["surrogate"].items())
    lines = [
        f"{figures['attack']}, {figures['snr_db']['median']:.2f} dB SNR",
        f"attacked accuracy   {rate(figures['attacked'], 'accuracy')}",
        f"stand-in            {said}",
    ]
    for name, row in figures["suspicion"].items():
        if isinstance(row, dict):
            low, high = row["roc_auc"]["ci95"]
            lines.append(
                f"suspicion, {name.replace('_', ' '):<24} AUC {row['roc_auc']['value']:.3f} ({low:.3f} to {high:.3f})"
                f", TPR {row['tpr_at_1pct_fpr']:.1%} at 1 % FPR"
            )
    return lines


def rate(row: dict[str, Any], key: str) -> str:
    """A share with its interval."""
    low, high = row["ci95"]
    return f"{row[key]:.1%}  (95 %: {low:.1%} to {high:.1%}, n = {row['n']})"
