"""The model card of a bundle (Mitchell et al. 2019), from the manifest and measured figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from edge.records import STAGES
from trainer.conditions import condition_rows
from trainer.stages import stage_rows
from trainer.streaming import streaming_rows

__all__ = ["model_card"]

FREE = ("CC0",)
"""Licences that ask for no attribution"""


def model_card(
    manifest: dict[str, Any], metrics: dict[str, Any], makers: list[dict[str, str]], measured: dict[str, Any] | None
) -> str:
    """Markdown; every figure with the command it came from, every recording with its maker."""
    trained = manifest["trained_on"]
    names = [record["name"] for record in manifest["stages"]]
    descriptor = next(name for name in names if name in STAGES["describe"]).upper()
    svd = "" if "no_lowrank" in names else " SVD,"
    autoencoder = "" if "no_denoise" in names else " int8 denoising autoencoder,"
    stages = "\n".join(f"| {r['name']} | {_params(r['params'])} |" for r in manifest["stages"])
    return f"""# {manifest["name"]}

Sound classifier made by Tympan {manifest["made_by"]["version"]} after Esmaeilpour, Cardinal and Koerich,
arXiv 1904.10990: wavelet scalogram, enhancement,{svd}{autoencoder} {descriptor}
descriptors in zones, K-means++ codebook, polynomial SVM folded into quadratic forms.

- Labels: {", ".join(manifest["labels"])}
- Input: {manifest["rate_hz"]} Hz mono, a verdict every {manifest["hop_s"]} s over the last {manifest["window_s"]} s
- Noise learnt: {", ".join(trained["noises"])}
- Fitted on {len(trained["clips"])} clips (folds {", ".join(map(str, trained["folds"]))}); the manifest lists the
  SHA-256 of each, and of the data: {trained["data_sha256"][:16]}…

## Stages

| stage | parameters |
|---|---|
{stages}

## Figures

{_figures(measured)}

Out of fold while fitting (codebook and SVM refitted without the clip's fold; the autoencoder is not):
{100 * metrics["out_of_fold_window_accuracy"]:.1f} % of {metrics["n_windows"]} clean windows
(`metrics.json` of the run).

## Limits

- It knows its labels and nothing else. Windows that are like none of them get no label (`unknown`); the threshold
  keeps 95 % of known out-of-fold windows, and many strangers still pass it.
- `suspicion_p` is a conformal p-value under {manifest["calibration"]["n"]} clean windows: small means unlike clean
  sound. It is not the probability of an attack. The smallest p-value it can give is
  1/{manifest["calibration"]["n"] + 1}, so it supports no false-alarm rate below
  {3600 / manifest["hop_s"] / (manifest["calibration"]["n"] + 1):.1f} an hour.
- An attacker who knows the pipeline can change its label; robustness figures belong beside attack,
  budget and interval.

## Data and licences

{_licences(makers)}
"""


def _licences(makers: list[dict[str, str]]) -> str:
    if not makers:
        return "The data set named no authors or licences."
    counts = Counter(maker["licence"] for maker in makers)
    summary = ", ".join(f"{licence} ({n})" for licence, n in sorted(counts.items()))
    authors: dict[str, list[str]] = {}
    for maker in makers:
        if maker["licence"] not in FREE:
            authors.setdefault(f"{maker['author']} ({maker['licence']})", []).append(Path(maker["file"]).stem)
    lines = [f"- {author}: {', '.join(sorted(files))}" for author, files in sorted(authors.items())]
    return "\n".join([f"Clips by licence: {summary}. Recordings that ask for attribution:", "", *lines])


def _params(params: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in params.items()) or "learnt"


def _figures(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return "No held-out figure was given at export: run `trainer evaluate`."
    clips = measured["clips"]
    low, high = clips["ci95"]
    rows = "\n".join(
        f"| {label} | {row['n']} | {100 * row['recall']:.0f} % | {100 * row['precision']:.0f} % |"
        for label, row in measured["per_class"].items()
    )
    return f"""Protocol {measured["protocol"]}: {100 * clips["accuracy"]:.1f} % of {clips["n"]} clips right
(95 % interval {100 * low:.1f} to {100 * high:.1f} %), each judged by a bundle that was not fitted on its fold.

    {measured["command"]}

| class | clips | recall | precision |
|---|---|---|---|
{rows}
{_more(measured)}"""


def _more(measured: dict[str, Any]) -> str:
    """What `--stages`, `--conditions` and `--streaming` measured, if they were asked for."""
    lines = [": ".join(row) for row in stage_rows(measured.get("stages", {}))]
    lines += [
        f"{name}: {right} ({interval})" for name, right, interval in condition_rows(measured.get("conditions", {}))
    ]
    lines += [": ".join(row) for row in streaming_rows(measured.get("streaming", {}))]
    return "\n" + "\n".join(f"- {line}" for line in lines) if lines else ""
