"""What each stage does on held-out clips, measured on the deployed bundle.

- lowrank: the share of the enhanced image's energy that rank k keeps.
- denoise: the error of noisy images against the clean one, before and after purification, under
  each kind of noise that no autoencoder here has learnt.
- int8: does the quantised autoencoder lead to the same label as the float one (needs the run).
- svm: does the quadratic form get as many clips right as the kernel SVM it was made from (needs the run).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from tqdm.auto import tqdm

from edge.bundle import Bundle
from edge.clip import judge_samples
from edge.framing import windows_of
from edge.stages.denoise import Denoise
from edge.stages.off import NoDenoise, NoNovelty
from edge.stages.svm import QuadraticSvm
from edge.types import F32, Window
from trainer.augment import TEST_NOISES, TRAIN_NOISES, mix, noise_of
from trainer.data import read_clip
from trainer.evaluate import Evaluation, Judged, accuracy
from trainer.run_models import FloatDenoise, KernelSvm, check_run
from trainer.stats import mean_over_clips, proportion

__all__ = ["measure_stages", "stage_rows"]

SNR_DB = 10.0
"""Over the whole window"""
SEED = 0


def measure_stages(evaluation: Evaluation) -> dict[str, Any]:
    """All stage figures over the clips of an evaluation; the last two only where the run folder is known."""
    rng = np.random.default_rng(SEED)
    kinds = unlearnt_noises(evaluation)
    rows = [
        measure_clip(judged, window, kinds, rng)
        for judged in tqdm(evaluation.judged, desc="stages", unit="clip", disable=None)
        if (window := first_window(judged)) is not None
    ]
    if not rows:
        return {}
    figures = {"lowrank": lowrank_figures(evaluation, rows), "denoise": denoise_figures(rows, kinds)}
    known = [judged for judged in evaluation.judged if judged.bundle.id in evaluation.runs]
    if known:
        figures |= run_figures(evaluation, known)
    return figures


def unlearnt_noises(evaluation: Evaluation) -> tuple[str, ...]:
    """The kinds of noise that none of the bundles was fitted with."""
    learnt = {kind for bundle in evaluation.bundles for kind in bundle.manifest["trained_on"]["noises"]}
    return tuple(kind for kind in (*TRAIN_NOISES, *TEST_NOISES) if kind not in learnt)


def measure_clip(judged: Judged, window: Window, kinds: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """Retained energy of the clean window, mean squared errors (dB²) of the noisy one against it."""
    pipeline = judged.bundle.pipeline
    clean = pipeline.trace(window)
    image = clean.enhanced.level_db

    def error(other: F32) -> float:
        return float(np.mean(np.square(other - image, dtype=np.float64)))

    lost = np.sum(np.square(image - clean.lowrank.level_db, dtype=np.float64))
    row = {
        "retained": 1.0 - float(lost / np.sum(np.square(image, dtype=np.float64))),
        "clean_purified": error(clean.purified.level_db),
    }
    for kind in kinds:
        noise = noise_of(kind, len(window.samples), window.rate_hz, rng)
        noisy = pipeline.trace(replace(window, samples=mix(window.samples, noise, SNR_DB)))
        row |= {
            f"{kind}.noisy": error(noisy.enhanced.level_db),
            f"{kind}.lowrank": error(noisy.lowrank.level_db),
            f"{kind}.purified": error(noisy.purified.level_db),
        }
    return row


def first_window(judged: Judged) -> Window | None:
    """The first window of a clip that passed the gate."""
    bundle = judged.bundle
    samples = read_clip(judged.clip, rate_hz=bundle.rate_hz)
    frames = windows_of(samples, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s)
    pairs = zip(frames, judged.verdict.windows, strict=True)
    return next((window for window, verdict in pairs if verdict.best is not None), None)


def lowrank_figures(evaluation: Evaluation, rows: list[dict[str, float]]) -> dict[str, Any]:
    """Rank, and the energy that it keeps."""
    retained = np.array([row["retained"] for row in rows])
    return {
        "rank": sorted({getattr(bundle.pipeline.lowrank, "rank", 0) for bundle in evaluation.bundles}),
        "n": len(rows),
        "retained_energy": {"mean": float(retained.mean()), "p5": float(np.percentile(retained, 5))},
    }


def denoise_figures(rows: list[dict[str, float]], kinds: Sequence[str]) -> dict[str, Any]:
    """How much nearer to the clean image a noisy one comes; the ratio of mean errors over clips."""
    clean = float(np.mean([row["clean_purified"] for row in rows]))
    noises = {kind: noise_figures(rows, kind) for kind in kinds}
    return {"snr_db": SNR_DB, "n": len(rows), "clean_purified_mse_db2": clean, "noises": noises}


def noise_figures(rows: list[dict[str, float]], kind: str) -> dict[str, Any]:
    """The same for one kind of noise, with the interval by resampling clips."""
    errors = {name: np.array([row[f"{kind}.{name}"] for row in rows]) for name in ("noisy", "lowrank", "purified")}
    draws = np.random.default_rng(SEED).integers(len(rows), size=(2000, len(rows)))
    gains = 10 * np.log10(errors["noisy"][draws].mean(axis=1) / errors["purified"][draws].mean(axis=1))
    before = errors["noisy"].mean()
    return {
        "mse_db2": {name: float(values.mean()) for name, values in errors.items()},
        "improvement_db": {
            "lowrank": float(10 * np.log10(before / errors["lowrank"].mean())),
            "lowrank_and_denoise": float(10 * np.log10(before / errors["purified"].mean())),
            "ci95": [float(value) for value in np.percentile(gains, [2.5, 97.5])],
        },
    }


def run_figures(evaluation: Evaluation, known: list[Judged]) -> dict[str, Any]:
    """The deployed bundle beside what it was made from: float autoencoder, kernel SVM."""
    for bundle in evaluation.bundles:
        if bundle.id in evaluation.runs:
            check_run(bundle, evaluation.runs[bundle.id])
    floats = {b.id: with_float_denoise(b, evaluation) for b in evaluation.bundles if b.id in evaluation.runs}
    kernels = {b.id: with_kernel_svm(b, evaluation) for b in evaluation.bundles if b.id in evaluation.runs}
    same, kernel_right = [], []
    for judged in tqdm(known, desc="float and kernel", unit="clip", disable=None):
        samples = read_clip(judged.clip, rate_hz=judged.bundle.rate_hz)
        same.append(judge_samples(floats[judged.bundle.id], samples).best == judged.verdict.best)
        kernel_right.append(judge_samples(kernels[judged.bundle.id], samples).best == judged.clip.label)
    right = np.array([judged.right for judged in known], dtype=np.float64)
    return {
        "int8_against_float": proportion(sum(same), len(same)).to_json(),
        "svm": {
            "linearised": accuracy(int(right.sum()), len(known)),
            "kernel": accuracy(sum(kernel_right), len(known)),
            "difference_points": mean_over_clips(100 * (right - np.array(kernel_right)), seed=SEED),
        },
    }


def with_float_denoise(bundle: Bundle, evaluation: Evaluation) -> Bundle:
    """The bundle with the Keras autoencoder of its run in place of the int8 one, if it has one."""
    deployed = bundle.pipeline.denoise
    if isinstance(deployed, NoDenoise):
        return bundle
    run = evaluation.runs[bundle.id]
    stage = FloatDenoise.read(run, scale_db=deployed.scale_db, dead_db=deployed.dead_db)
    return replace(bundle, pipeline=replace(bundle.pipeline, denoise=cast("Denoise", stage)))


def with_kernel_svm(bundle: Bundle, evaluation: Evaluation) -> Bundle:
    """The bundle with the kernel SVM of its run in place of the quadratic form; it abstains from nothing."""
    stage = KernelSvm.read(evaluation.runs[bundle.id], temperature=bundle.pipeline.svm.temperature)
    # The kernel takes whole encodings: there are no components whose distance the novelty could measure.
    pipeline = replace(bundle.pipeline, svm=cast("QuadraticSvm", stage), novelty=NoNovelty())
    return replace(bundle, pipeline=pipeline)


def stage_rows(stages: dict[str, Any]) -> list[list[str]]:
    """Stage, what was measured, result: for the report and the terminal."""
    rows = []
    if "lowrank" in stages:
        kept = stages["lowrank"]["retained_energy"]
        rank = ", ".join(map(str, stages["lowrank"]["rank"]))
        rows.append(["SVD", f"energy kept by rank {rank}", f"{kept['mean']:.2%} mean, {kept['p5']:.2%} 5th percentile"])
    if "denoise" in stages:
        for kind, figures in stages["denoise"]["noises"].items():
            gain, error = figures["improvement_db"], figures["mse_db2"]
            low, high = gain["ci95"]
            what = f"squared error of images with {kind} noise at {stages['denoise']['snr_db']:g} dB"
            change = f"{error['noisy']:.2f} to {error['purified']:.2f} dB²"
            lowered = f"lowered by {gain['lowrank_and_denoise']:.2f} dB ({low:.2f} to {high:.2f})"
            rows.append(["SVD + autoencoder", what, f"{change}, {lowered}"])
    if "int8_against_float" in stages:
        same = stages["int8_against_float"]
        rows.append(["int8 autoencoder", "same label as the float one", f"{same['k']} of {same['n']} clips"])
    if "svm" in stages:
        svm = stages["svm"]
        result = f"{svm['linearised']['accuracy']:.1%} against {svm['kernel']['accuracy']:.1%}"
        rows.append(["linearised SVM", "accuracy against the kernel SVM", result])
    return rows
