"""Codebook, SVM and suspicion against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.codebook import ENCODINGS, Codebook
from edge.stages.suspicion import ConformalSuspicion
from edge.stages.svm import QuadraticSvm
from edge.types import Descriptors, Encoding


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_vlad_is_sums_of_residuals(rng: np.random.Generator) -> None:
    words, values = rng.standard_normal((5, 7)), rng.standard_normal((40, 7))
    nearest = np.linalg.norm(values[:, None] - words, axis=2).argmin(axis=1)
    sums = np.zeros((5, 7))
    for value, k in zip(values, nearest, strict=True):
        sums[k] += value - words[k]
    rooted = np.sign(sums.ravel()) * np.sqrt(np.abs(sums.ravel()))
    found = Codebook(axes=np.eye(7, dtype=np.float32), words=words.astype(np.float32), encoding="vlad")(
        Descriptors(values.astype(np.float32))
    )
    np.testing.assert_allclose(found.values, rooted / np.linalg.norm(rooted), atol=1e-5)
    assert found.distance == pytest.approx(np.linalg.norm(values - words[nearest], axis=1).mean(), rel=1e-4)


def test_bow_is_the_rooted_histogram(rng: np.random.Generator) -> None:
    words, values = rng.standard_normal((5, 7)), rng.standard_normal((40, 7))
    nearest = np.linalg.norm(values[:, None] - words, axis=2).argmin(axis=1)
    found = Codebook(axes=np.eye(7, dtype=np.float32), words=words.astype(np.float32), encoding="bow")(
        Descriptors(values.astype(np.float32))
    )
    np.testing.assert_allclose(found.values**2, np.bincount(nearest, minlength=5) / 40, atol=1e-5)


def test_distance_is_the_triangle_activation(rng: np.random.Generator) -> None:
    words, values = rng.standard_normal((5, 7)), rng.standard_normal((40, 7))
    distances = np.linalg.norm(values[:, None] - words, axis=2)
    active = np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0).mean(axis=0)
    rooted = np.sqrt(active)
    found = Codebook(axes=np.eye(7, dtype=np.float32), words=words.astype(np.float32), encoding="distance")(
        Descriptors(values.astype(np.float32))
    )
    np.testing.assert_allclose(found.values, rooted / np.linalg.norm(rooted), atol=1e-4)


def test_descriptors_are_projected_on_the_axes_first(rng: np.random.Generator) -> None:
    axes, words, values = (rng.standard_normal(shape).astype(np.float32) for shape in ((7, 3), (5, 3), (40, 7)))
    found = Codebook(axes=axes, words=words, encoding="vlad")(Descriptors(values))
    turned = Codebook(axes=np.eye(3, dtype=np.float32), words=words, encoding="vlad")(Descriptors(values @ axes))
    np.testing.assert_array_equal(found.values, turned.values)
    assert found.distance == turned.distance


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_have_unit_length_and_known_size(rng: np.random.Generator, encoding: str) -> None:
    words = rng.standard_normal((5, 7)).astype(np.float32)
    codebook = Codebook(axes=np.eye(7, dtype=np.float32), words=words, encoding=encoding)  # type: ignore[arg-type]
    found = codebook(Descriptors(rng.standard_normal((40, 7)).astype(np.float32)))
    assert found.values.shape == (codebook.n_dims,)
    assert np.linalg.norm(found.values) == pytest.approx(1, abs=1e-5)


def test_quadratic_form_is_the_polynomial(rng: np.random.Generator) -> None:
    quad, linear, bias = rng.standard_normal((3, 4, 4)), rng.standard_normal((3, 4)), rng.standard_normal(3)
    projection, x = rng.standard_normal((4, 9)), rng.standard_normal(9)
    z = projection @ x
    packed = [[form[i, j] + (form[j, i] if i < j else 0) for i in range(4) for j in range(i, 4)] for form in quad]
    wanted = [z @ quad[k] @ z + linear[k] @ z + bias[k] for k in range(3)]
    svm = QuadraticSvm(
        projection=projection.astype(np.float32),
        quad=np.array(packed, dtype=np.float32),
        linear=linear.astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=2.0,
    )
    found = svm(Encoding(x.astype(np.float32), 0.0))
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-4)
    soft = np.exp(np.array(wanted) / 2)
    np.testing.assert_allclose(found.probabilities, soft / soft.sum(), atol=1e-4)


class TestSuspicion:
    quantiles = np.tile(np.linspace(0, 1, 11, dtype=np.float32), (5, 1))
    stage = ConformalSuspicion(quantiles=quantiles, calibration=np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32))

    def test_grows_with_every_indicator(self) -> None:
        low = np.full(5, 0.5, dtype=np.float32)
        for i in range(5):
            high = low.copy()
            high[i] = 0.9
            assert self.stage.score(high) > self.stage.score(low)

    def test_stays_between_0_and_1(self) -> None:
        assert self.stage.score(np.full(5, -9, dtype=np.float32)) == 0.0
        assert 0.9 < self.stage.score(np.full(5, 9, dtype=np.float32)) < 1.0

    @pytest.mark.parametrize(("level", "p_value"), [(-1.0, 1.0), (0.25, 3 / 5), (0.35, 2 / 5), (0.9, 1 / 5)])
    def test_p_value_counts_the_calibration(self, level: float, p_value: float) -> None:
        """With equal indicators the score is the level itself here."""
        found = self.stage(np.full(5, level, dtype=np.float32))
        assert found.p_value == pytest.approx(p_value)
        assert found.n_calibration == 4

    def test_p_values_of_exchangeable_windows_are_uniform(self, rng: np.random.Generator) -> None:
        draws = rng.random((2000, 5)).astype(np.float32)
        scores = np.array([self.stage.score(row) for row in draws[:1000]], dtype=np.float32)
        stage = ConformalSuspicion(quantiles=self.quantiles, calibration=np.sort(scores))
        p_values = np.array([stage(row).p_value for row in draws[1000:]])
        for level in (0.05, 0.25, 0.5, 0.75):
            assert np.mean(p_values <= level) == pytest.approx(level, abs=0.05)
