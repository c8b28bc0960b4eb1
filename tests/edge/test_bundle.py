"""A bundle is whole and unaltered, or it is a BundleError (exit 65)."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle import FILES, read_bundle
from edge.errors import BundleError, ChecksumError, ParityError, SchemaError
from edge.pipeline import Pipeline
from tests.tiny import LABELS

ALL_FILES = (*FILES, "manifest.json", "manifest.sha256")


@pytest.fixture
def bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def seal(bundle: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Write the manifest again with right sums, as someone would who makes a bundle by hand."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    for name in manifest["files"]:
        if (bundle / name).is_file():
            content = (bundle / name).read_bytes()
            manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    change(manifest)
    content = json.dumps(manifest).encode()
    (bundle / "manifest.json").write_bytes(content)
    (bundle / "manifest.sha256").write_text(hashlib.sha256(content).hexdigest())


def test_reads_what_was_written(bundle: Path) -> None:
    found = read_bundle(bundle, golden=True)
    assert found.labels == LABELS
    assert (found.rate_hz, found.window_s, found.hop_s) == (16000, 2.0, 0.5)
    assert found.id == hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()
    assert found.name == "tiny"
    assert len(found.train_clips) == 18
    assert found.n_calibration == 18
    assert [stage["name"] for stage in found.manifest["stages"]] == [
        getattr(found.pipeline, slot).name for slot in Pipeline.slots()
    ]


def test_sealing_by_hand_is_read(bundle: Path) -> None:
    seal(bundle)
    assert read_bundle(bundle, golden=True).labels == LABELS


@pytest.mark.parametrize("name", ALL_FILES)
class TestEveryFile:
    def test_missing(self, bundle: Path, name: str) -> None:
        (bundle / name).unlink()
        with pytest.raises(BundleError, match=name):
            read_bundle(bundle)

    def test_cut(self, bundle: Path, name: str) -> None:
        content = (bundle / name).read_bytes()
        (bundle / name).write_bytes(content[:-1])
        with pytest.raises(ChecksumError):
            read_bundle(bundle)

    def test_one_flipped_bit_anywhere(self, bundle: Path, name: str) -> None:
        content = bytearray((bundle / name).read_bytes())
        places = np.random.default_rng(0).integers(0, 8 * len(content), size=24)
        for place in [0, 8 * len(content) - 1, *places]:
            flipped = content.copy()
            flipped[place // 8] ^= 1 << (place % 8)
            (bundle / name).write_bytes(flipped)
            with pytest.raises(ChecksumError):
                read_bundle(bundle)

    def test_a_link_is_refused(self, bundle: Path, name: str, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        (bundle / name).rename(elsewhere)
        (bundle / name).symlink_to(elsewhere)
        with pytest.raises(BundleError):
            read_bundle(bundle)


def test_every_bit_of_the_sum(bundle: Path) -> None:
    """A letter in upper case is one bit away and names the same number."""
    content = (bundle / "manifest.sha256").read_bytes()
    for place in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << (place % 8)
        (bundle / "manifest.sha256").write_bytes(flipped)
        with pytest.raises(ChecksumError):
            read_bundle(bundle)


def test_added_file(bundle: Path) -> None:
    (bundle / "readme.txt").write_text("hello")
    with pytest.raises(ChecksumError, match=r"extra \['readme.txt'\]"):
        read_bundle(bundle)


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"a bundle folder wanted\. Got nothing instead"):
        read_bundle(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="Got a file instead"):
        read_bundle(tmp_path / "file")
    assert BundleError.exit_code == SchemaError.exit_code == ChecksumError.exit_code == ParityError.exit_code == 65


def test_pickled_arrays(bundle: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{"svm.bias": np.array([{"a": 1}], dtype=object)})
    (bundle / "arrays.npz").write_bytes(buffer.getvalue())
    seal(bundle)
    with pytest.raises(SchemaError, match="allow_pickle"):
        read_bundle(bundle)


def rename_file(manifest: dict[str, Any]) -> None:
    manifest["files"]["../arrays.npz"] = manifest["files"].pop("arrays.npz")


def set_stage(name: str, key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        stage = next(stage for stage in manifest["stages"] if stage["name"] == name)
        stage["params"][key] = value

    return change


def put(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest.update({key: value})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("schema", 2), "schema 1 wanted. Got 2 instead"),
        (put("schema", "1"), "schema 1 wanted"),
        (rename_file, "files must list"),
        (put("files", {}), "files must list"),
        (put("labels", ["one"]), "two different labels"),
        (put("labels", ["a", "b"]), "2 labels but 3 classes"),
        (put("hop_s", 0), "0 < hop_s <= window_s"),
        (put("rate_hz", 8000), "rate_hz and window_s"),
        (put("stages", []), "10 stages wanted, got 0"),
        (put("trained_on", {}), "clips"),
        (put("arrays", {}), "are not those of the manifest"),
        (set_stage("enhance", "blur", "3"), "enhance.blur must be int"),
        (set_stage("enhance", "sharpen", 1), "no parameter sharpen"),
        (set_stage("lowrank", "rank", 99), "rank must be in"),
        (set_stage("scalogram", "window_s", 3.0), "frames|window_s"),
        (set_stage("codebook", "encoding", "fisher"), "encoding must be one of"),
    ],
)
def test_manifest_of_another_form(bundle: Path, change: Callable[[dict[str, Any]], None], sentence: str) -> None:
    seal(bundle, change)
    with pytest.raises(SchemaError, match=sentence):
        read_bundle(bundle)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b'{"schema": 1}', b"\xff\xfe"])
def test_manifest_that_is_no_manifest(bundle: Path, content: bytes) -> None:
    (bundle / "manifest.json").write_bytes(content)
    (bundle / "manifest.sha256").write_text(hashlib.sha256(content).hexdigest())
    with pytest.raises(SchemaError):
        read_bundle(bundle)


@pytest.mark.parametrize("name", ["arrays.npz", "golden.npz", "denoiser.tflite"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"TFL3" * 50])
def test_sealed_rubbish(bundle: Path, name: str, content: bytes) -> None:
    (bundle / name).write_bytes(content)
    seal(bundle)
    with pytest.raises(BundleError):
        read_bundle(bundle, golden=True)


def change_golden(bundle: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    with np.load(bundle / "golden.npz") as file:
        arrays = {key: file[key] for key in file.files}
    arrays[name] = change(arrays[name])
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    (bundle / "golden.npz").write_bytes(buffer.getvalue())
    seal(bundle)


def test_golden_replay_finds_another_value(bundle: Path) -> None:
    change_golden(bundle, "scores.1", lambda scores: scores + 1)
    assert read_bundle(bundle).labels == LABELS
    with pytest.raises(ParityError, match="golden window 1: scores within"):
        read_bundle(bundle, golden=True)


def test_golden_replay_finds_another_form(bundle: Path) -> None:
    change_golden(bundle, "pcm", lambda pcm: pcm[:0])
    with pytest.raises(SchemaError, match=r"golden.npz: pcm"):
        read_bundle(bundle, golden=True)


def test_golden_replay_reports_deviations(bundle: Path) -> None:
    report = read_bundle(bundle).replay_golden()
    assert report.n_windows == 3
    assert set(report.deviation) == set(report.tolerance)
    assert all(report.deviation[name] <= report.tolerance[name] for name in report.deviation)


def test_a_bundle_older_than_the_novelty_stage_never_abstains(bundle: Path) -> None:
    with np.load(bundle / "arrays.npz") as file:
        arrays = {name: file[name] for name in file.files if not name.startswith("novelty.")}
    np.savez(bundle / "arrays.npz", allow_pickle=False, **arrays)

    def older(manifest: dict[str, Any]) -> None:
        manifest["stages"].pop()
        for name in ("novelty.projection", "novelty.means", "novelty.centres", "novelty.weights"):
            del manifest["arrays"][name]

    seal(bundle, older)
    pipeline = read_bundle(bundle, golden=True).pipeline
    assert pipeline.novelty.name == "no_novelty"
