"""The bundle for TFLite runtimes: written whole beside its place, then renamed into it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from edge import __version__
from edge.bundle import FILES, SCHEMA, read_bundle
from edge.errors import ConfigError
from edge.pipeline import Pipeline
from edge.records import build_pipeline
from trainer.errors import ExportError
from trainer.export.card import model_card
from trainer.export.golden import TOLERANCE, golden_arrays

__all__ = ["export_tflite"]


def export_tflite(run: Path, out: Path, figures: Path | None = None) -> Path:
    """Turn the run folder into the bundle `out`, and read it back before it gets its name."""
    if out.exists():
        raise ConfigError(f"{out}: a bundle folder that is not there yet wanted. Got one that is.")
    try:
        story = json.loads((run / "run.json").read_text(encoding="utf-8"))
        model = (run / "denoiser.tflite").read_bytes()
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        with np.load(run / "arrays.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in sorted(file.files)}
            stored = {name: _compact(array) for name, array in arrays.items()}
    except (OSError, ValueError, KeyError) as error:
        raise ExportError(f"{run}: a complete run folder wanted. Got: {error}") from error
    measured = _read_figures(figures)
    pipeline = build_pipeline(story["labels"], story["stages"], arrays, model)
    contents = {
        "arrays.npz": _npz(stored),
        "denoiser.tflite": model,
        "golden.npz": _npz(golden_arrays(pipeline)),
    }
    manifest = _manifest(story, stored, pipeline)
    contents["MODEL_CARD.md"] = model_card(manifest, metrics, story["credits"], measured).encode()
    manifest["files"] = {name: _entry(contents[name]) for name in FILES}
    manifest_bytes = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    contents["manifest.sha256"] = hashlib.sha256(manifest_bytes).hexdigest().encode()
    contents["manifest.json"] = manifest_bytes
    return _write(contents, out)


def _manifest(story: dict[str, Any], arrays: dict[str, np.ndarray], pipeline: Pipeline) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "name": story["name"],
        "labels": story["labels"],
        "rate_hz": pipeline.scalogram.rate_hz,
        "window_s": pipeline.scalogram.window_s,
        "hop_s": story["hop_s"],
        "stages": story["stages"],
        "arrays": {name: {"shape": list(array.shape), "dtype": array.dtype.name} for name, array in arrays.items()},
        "tolerance": TOLERANCE,
        "calibration": {"n": len(pipeline.suspicion.calibration), "kind": "clean windows, out of fold"},
        "trained_on": story["trained_on"],
        "made_by": {
            "version": __version__,
            "seed": story["seed"],
            **{package: version(package) for package in ("numpy", "tensorflow", "scikit-learn", "ai-edge-litert")},
        },
    }


def _read_figures(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: the JSON of `trainer evaluate` wanted. Got: {error}") from error


def _compact(array: np.ndarray) -> np.ndarray:
    """The same values in float16 where they fit it exactly (the projection was rounded for it)."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), array) else array


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    """Compressed arrays; NumPy dates the members 1980, so the bytes depend on the values alone."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _entry(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _write(contents: dict[str, bytes], out: Path) -> Path:
    """All files into a sibling folder, the manifest last, synced, checked, then renamed."""
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for name, content in contents.items():
            with (partial / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        read_bundle(partial, golden=True)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial)
        raise
    folder = os.open(out.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return out
