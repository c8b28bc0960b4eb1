"""The int8 autoencoder stage, with a model that was really trained and converted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import read_bundle
from edge.errors import ConfigError, StageError
from edge.stages.denoise import Denoise, load_interpreter
from edge.types import Scalogram


@pytest.fixture(scope="module")
def denoise(tiny_bundle: Path) -> Denoise:
    stage = read_bundle(tiny_bundle).pipeline.denoise
    assert isinstance(stage, Denoise)
    return stage


@pytest.fixture
def image() -> Scalogram:
    level = np.random.default_rng(5).random((64, 40)).astype(np.float32) * 30
    return Scalogram(level, peak_db=-7.0)


def test_is_full_int8_with_batch_1(denoise: Denoise) -> None:
    interpreter = load_interpreter(denoise.model)
    for side in (interpreter.get_input_details()[0], interpreter.get_output_details()[0]):
        assert side["dtype"] is np.int8
        assert side["shape"].tolist() == [1, 64, 40, 1]
    kinds = {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()}
    assert kinds <= {"int8", "int32"}, "weights int8, biases and shapes int32"


def test_is_pure(denoise: Denoise, image: Scalogram) -> None:
    kept = image.level_db.copy()
    image.level_db.flags.writeable = False
    first, second = denoise(image), denoise(image)
    np.testing.assert_array_equal(first.scalogram.level_db, second.scalogram.level_db)
    np.testing.assert_array_equal(image.level_db, kept)
    assert first.scalogram.level_db.dtype == np.float32
    assert first.scalogram.peak_db == -7.0


def test_residual_is_the_distance(denoise: Denoise, image: Scalogram) -> None:
    found = denoise(image)
    difference = image.level_db - found.scalogram.level_db
    assert found.residual_db == pytest.approx(np.sqrt(np.mean(difference**2)), rel=1e-5)
    assert found.residual_db > 0


def test_levels_beyond_its_range_are_clipped(denoise: Denoise, image: Scalogram) -> None:
    found = denoise(replace(image, level_db=image.level_db * 100)).scalogram.level_db
    assert np.isfinite(found).all()
    assert found.min() >= 0


def test_names_what_it_wanted(denoise: Denoise) -> None:
    with pytest.raises(StageError, match=r"denoise: level_db must be \(64, 40\)\. Got \(64, 7\) instead\."):
        denoise(Scalogram(np.zeros((64, 7), dtype=np.float32), 0.0))
    with pytest.raises(StageError, match="finite"):
        denoise(Scalogram(np.full((64, 40), np.nan, dtype=np.float32), 0.0))


def test_runtime_is_chosen_by_name(denoise: Denoise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYMPAN_TFLITE_RUNTIME", "onnx")
    with pytest.raises(ConfigError, match=r"must be one of ai_edge_litert, tflite_runtime\. Got onnx"):
        load_interpreter(denoise.model)


def test_runtime_starts_without_a_word(denoise: Denoise, capfd: pytest.CaptureFixture[str]) -> None:
    load_interpreter(denoise.model)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
