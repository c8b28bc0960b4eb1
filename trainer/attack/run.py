"""The attacks by name, and the story of one: choose clips, fit the stand-in, attack, confirm, report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.bundle import read_bundle
from edge.errors import ConfigError
from trainer.attack.base import Attack
from trainer.attack.budget import Snr
from trainer.attack.pgd import Pgd
from trainer.attack.transfer import confirm, write_clips
from trainer.attack.victim import network_victim
from trainer.data import Dataset, read_clip
from trainer.errors import AttackError
from trainer.evaluate import TRAIN_CLIPS_MARK, check_held_out
from trainer.surrogate import SurrogateConfig, fit_surrogate_cached

__all__ = ["ATTACKS", "attack_bundle", "summary"]

ATTACKS: dict[str, Callable[[float, int], Attack]] = {
    "transfer-pgd": lambda snr_db, seed: Pgd(budget=Snr(db=snr_db), seed=seed),
}
"""Name to an attack on a stand-in, at an SNR in dB, from a seed"""


def attack_bundle(  # noqa: PLR0913 - the command's options, each of them a part of the report
    path: Path,
    dataset: Dataset,
    *,
    folds: tuple[int, ...] | None,
    surrogate_folds: tuple[int, ...] | None,
    attack: str,
    snr_db: float,
    seed: int,
    out: Path | None,
    allow_train_clips: bool,
    config: SurrogateConfig | None = None,
) -> dict[str, Any]:
    """All figures of one attack on the clips of `folds`, with a stand-in fitted on `surrogate_folds` (the rest)."""
    bundle = read_bundle(path)
    held_out = dataset if folds is None else dataset.only_folds(folds)
    train_clips = check_held_out(bundle, held_out.clips, allow=allow_train_clips)
    rest = set(dataset.folds) - set(held_out.folds) if surrogate_folds is None else set(surrogate_folds)
    both = rest & set(held_out.folds)
    if not rest or both:
        got = "none" if not rest else ", ".join(map(str, sorted(both)))
        raise ConfigError(f"--surrogate-folds must name folds that are not attacked. Got {got} instead.")
    training = dataset.only_folds(rest)
    held_out, silent = without_silence(held_out, rate_hz=bundle.rate_hz)
    config = config or SurrogateConfig(rate_hz=bundle.rate_hz, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        surrogate = fit_surrogate_cached(training, config, (out or Path(scratch)) / "surrogate")
    outcome = confirm(bundle, held_out, ATTACKS[attack](snr_db, seed), network_victim(surrogate.logits))
    if out is not None:
        write_clips(out / "clips", held_out, outcome, rate_hz=bundle.rate_hz)
    return {
        "threat": attack,
        "train_clips": train_clips,
        "folds": list(held_out.folds),
        "surrogate_folds": list(training.folds),
        "left_out_silent": silent,
        **outcome.to_json(),
        "data_sha256": held_out.sha256,
        "seed": seed,
        "bundle_ids": [bundle.id],
    }


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
    """For a terminal: the attack, its control, its proof, and what suspicion saw."""
    clean, attacked, twin = figures["clean"], figures["attacked"], figures["random_twin"]
    stand_in = figures["surrogate"]
    lines = [TRAIN_CLIPS_MARK] if figures["train_clips"] else []
    lines.append(f"{figures['attack']}, {figures['snr_db']['median']:.2f} dB SNR, on folds {figures['folds']}")
    lines.append(f"clean accuracy      {rate(clean, 'accuracy')}")
    lines.append(f"attacked accuracy   {rate(attacked, 'accuracy')}")
    if figures["fooled"] is not None:
        lines.append(f"fooled              {rate(figures['fooled'], 'value')}")
        lines.append(f"fooled by noise     {rate(twin['fooled'], 'value')}, mean of {twin['draws']} draws")
    said = ", ".join(f"{name.replace('_', ' ')} {row['accuracy']:.1%}" for name, row in stand_in.items())
    lines.append(f"stand-in            {said}")
    for name, row in figures["suspicion"].items():
        if isinstance(row, dict):
            low, high = row["roc_auc"]["ci95"]
            lines.append(
                f"suspicion, {name.replace('_', ' '):<24} AUC {row['roc_auc']['value']:.3f} ({low:.3f} to {high:.3f})"
                f", TPR {row['tpr_at_1pct_fpr']:.1%} at 1 % FPR"
            )
    lines.extend(f"GATE FAILED: {gate}" for gate, passed in figures["gates"].items() if not passed)
    return "\n".join(lines)


def rate(row: dict[str, Any], key: str) -> str:
    """A share with its interval."""
    low, high = row["ci95"]
    return f"{row[key]:.1%}  (95 %: {low:.1%} to {high:.1%}, n = {row['n']})"
