"""One artifact, `models/<name>/`: everything the forward path needs, checked before it is believed.

    manifest.json   what is in the bundle: labels, stages with parameters, sizes and sums of all files
    manifest.sha256 64 hex digits over the manifest's bytes
    arrays.npz      the stages' arrays, never pickled
    denoiser.tflite the int8 autoencoder; empty where the bundle has none
    golden.npz      a few windows with every intermediate value, replayed on the device
    MODEL_CARD.md   what people should know

Reading goes: fixed names only → sums → schema → shapes → stages. Nothing is parsed before its sum is
right, and whatever is wrong ends as a BundleError.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import BundleError, ChecksumError, ConfigError, SchemaError, StageError
from edge.golden import GoldenReport, replay
from edge.incremental import Incremental
from edge.pipeline import Pipeline
from edge.records import build_pipeline
from edge.stages.novelty import ClassNovelty
from edge.types import F32

__all__ = ["FILES", "SCHEMA", "Bundle", "read_bundle"]

SCHEMA = 1
FILES = ("MODEL_CARD.md", "arrays.npz", "denoiser.tflite", "golden.npz")
"""Every bundle has exactly these, and the manifest with its sum."""
MAX_BYTES = 64 * 2**20
"""No file of a bundle is larger; a manifest that says so is not ours."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that passed every check of its bytes."""

    path: Path
    id: str
    """SHA-256 of the manifest, 64 hex digits; every verdict carries it"""
    manifest: dict[str, Any]
    pipeline: Pipeline
    golden: dict[str, np.ndarray]

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def labels(self) -> tuple[str, ...]:
        return self.pipeline.labels

    @property
    def rate_hz(self) -> int:
        return int(self.manifest["rate_hz"])

    @property
    def window_s(self) -> float:
        return float(self.manifest["window_s"])

    @property
    def hop_s(self) -> float:
        return float(self.manifest["hop_s"])

    @property
    def n_calibration(self) -> int:
        """Windows behind the conformal p-value; 1 / (n + 1) is the smallest there is."""
        return len(self.pipeline.suspicion.calibration)

    @cached_property
    def train_clips(self) -> frozenset[str]:
        """SHA-256 of every sound file that the bundle was fitted on."""
        return frozenset(self.manifest["trained_on"]["clips"])

    def judge(self, *, glance: bool = False) -> Incremental:
        """A judge for the windows of one source, in their order; with `glance`, windows like the last cost little."""
        return Incremental(self.pipeline, glance=glance)

    def with_hop(self, hop_s: float) -> Bundle:
        """The same with verdicts at another distance: how often is the operator's choice, what is said is not.

        Raises
        ------
        ConfigError : sound would be skipped between two windows
        """
        if not 0 < hop_s <= self.window_s:
            raise ConfigError(f"a hop of at most the bundle's window, {self.window_s:g} s, wanted. Got {hop_s:g} s.")
        return replace(self, manifest=self.manifest | {"hop_s": hop_s})

    def replay_golden(self) -> GoldenReport:
        """Run the golden windows on this machine.

        Raises
        ------
        ParityError : a value differs by more than the manifest's tolerance, or a label does
        """
        return replay(self.pipeline, self.golden, self.manifest["tolerance"])


def read_bundle(path: Path, *, golden: bool = False) -> Bundle:
    """Read and check the bundle in the folder `path`; with `golden`, replay its golden windows too.

    Raises
    ------
    ChecksumError : a file is missing, added, cut or altered
    SchemaError : the manifest, the arrays or the model are not of the form this program reads
    ParityError : the golden windows give other values here
    """
    path = Path(path)
    if not path.is_dir():
        raise BundleError(f"{path}: a bundle folder wanted. Got {'a file' if path.exists() else 'nothing'} instead.")
    manifest_bytes = _read_file(path, "manifest.json")
    bundle_id = hashlib.sha256(manifest_bytes).hexdigest()
    if _read_file(path, "manifest.sha256") != bundle_id.encode():
        raise ChecksumError(f"{path}/manifest.json: the sum in manifest.sha256 wanted. Got {bundle_id} instead.")
    manifest = _parse_manifest(path, manifest_bytes)
    present = {item.name for item in path.iterdir()} - {"manifest.json", "manifest.sha256"}
    if present != set(FILES):
        extra, missing = sorted(present - set(FILES)), sorted(set(FILES) - present)
        raise ChecksumError(
            f"{path}: the files {', '.join(FILES)} wanted. Got extra {extra}, missing {missing} instead."
        )
    contents = {name: _read_listed(path, name, manifest["files"][name]) for name in FILES}
    try:
        arrays = _load_arrays(contents["arrays.npz"], manifest["arrays"])
        pipeline = _build_pipeline(manifest, arrays, contents["denoiser.tflite"])
        golden_arrays = _load_npz(contents["golden.npz"])
    except (KeyError, TypeError, ValueError, EOFError, RuntimeError, StageError, zipfile.BadZipFile) as error:
        # The sums were right, so this is a bundle made wrong or by another program: one error for all of it.
        raise SchemaError(f"{path}: a bundle of schema {SCHEMA} wanted. Got: {error!s}") from error
    bundle = Bundle(path=path, id=bundle_id, manifest=manifest, pipeline=pipeline, golden=golden_arrays)
    if golden:
        bundle.replay_golden()
    return bundle


def _read_file(path: Path, name: str) -> bytes:
    file = path / name
    if file.is_symlink() or not file.is_file():
        raise ChecksumError(
            f"{path}: the file {name} wanted. Got {'no plain file' if file.exists() else 'none'} instead."
        )
    if file.stat().st_size > MAX_BYTES:
        raise ChecksumError(f"{file}: at most {MAX_BYTES} bytes wanted. Got {file.stat().st_size} instead.")
    return file.read_bytes()


def _read_listed(path: Path, name: str, entry: dict[str, Any]) -> bytes:
    content = _read_file(path, name)
    if len(content) != entry["bytes"]:
        raise ChecksumError(f"{path}/{name}: {entry['bytes']} bytes wanted. Got {len(content)} instead.")
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry["sha256"]:
        raise ChecksumError(f"{path}/{name}: SHA-256 {entry['sha256']} wanted. Got {sha256} instead.")
    return content


def _parse_manifest(path: Path, content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
        schema = manifest["schema"]
        if schema != SCHEMA:
            raise SchemaError(
                f"{path}: schema {SCHEMA} wanted. Got {schema} instead: another version of Tympan made it."
            )
        files = manifest["files"]
        if set(files) != set(FILES):
            raise SchemaError(f"{path}: files must list {', '.join(FILES)}. Got {sorted(files)} instead.")
        for entry in files.values():
            if type(entry["bytes"]) is not int or len(entry["sha256"]) != hashlib.sha256().digest_size * 2:
                raise SchemaError(f"{path}: files must give bytes and sha256. Got {entry} instead.")
        _check_heads(path, manifest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"{path}/manifest.json: a manifest of schema {SCHEMA} wanted. Got: {error!r}") from error
    return dict(manifest)


def _check_heads(path: Path, manifest: dict[str, Any]) -> None:
    labels = manifest["labels"]
    if len(labels) < 2 or len(set(labels)) != len(labels) or not all(isinstance(label, str) for label in labels):
        raise SchemaError(f"{path}: at least two different labels wanted. Got {labels} instead.")
    if not 0 < manifest["hop_s"] <= manifest["window_s"]:
        raise SchemaError(
            f"{path}: 0 < hop_s <= window_s wanted. Got {manifest['hop_s']}, {manifest['window_s']} instead."
        )
    if not all(isinstance(sha256, str) for sha256 in manifest["trained_on"]["clips"]):
        raise SchemaError(f"{path}: trained_on.clips must be SHA-256 sums. Got something else instead.")


def _load_npz(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _load_arrays(content: bytes, listed: dict[str, Any]) -> dict[str, F32]:
    arrays = _load_npz(content)
    if set(arrays) != set(listed):
        raise ValueError(f"arrays {sorted(arrays)} are not those of the manifest, {sorted(listed)}")
    for name, entry in listed.items():
        array = arrays[name]
        found, wanted = (array.dtype.name, list(array.shape)), (entry["dtype"], entry["shape"])
        if found != wanted or found[0] not in ("float16", "float32"):
            raise ValueError(f"array {name} must be {wanted}, is {found}")
        if not np.isfinite(array).all():
            raise ValueError(f"array {name} must be finite")
        arrays[name] = array.astype(np.float32, copy=False)
        arrays[name].flags.writeable = False
    return arrays


def _build_pipeline(manifest: dict[str, Any], arrays: dict[str, F32], model: bytes) -> Pipeline:
    pipeline = build_pipeline(manifest["labels"], manifest["stages"], arrays, model)
    if pipeline.scalogram.rate_hz != manifest["rate_hz"] or pipeline.scalogram.window_s != manifest["window_s"]:
        raise ValueError("rate_hz and window_s must be those of the scalogram")
    if len(pipeline.svm.bias) != len(pipeline.labels):
        raise ValueError(f"{len(pipeline.labels)} labels but {len(pipeline.svm.bias)} classes in the SVM")
    if isinstance(pipeline.novelty, ClassNovelty):
        novelty, wanted = pipeline.novelty, (len(pipeline.labels), pipeline.svm.projection.shape[1])
        found = len(novelty.means), novelty.projection.shape[1]
        if found != wanted:
            raise ValueError(f"novelty must have (classes, dimensions) {wanted} like labels and SVM, has {found}")
    return pipeline
