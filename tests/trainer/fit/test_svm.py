"""The folding is exact, and the temperature is the likeliest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.svm import SVC

from edge.types import Encoding
from trainer.config import SvmConfig
from trainer.errors import TrainerError
from trainer.fit import svm as svm_module
from trainer.fit.svm import active_directions, fit_kernel, fit_svm, fit_temperature

N_CLASSES = 3


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    classes = np.arange(90) % N_CLASSES
    points = rng.standard_normal((90, 12)) + 1.5 * np.eye(12)[classes]
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), classes


@pytest.mark.parametrize(("degree", "coef0"), [(1, 1.0), (2, 1.0), (1, 0.5), (2, 0.5)])
def test_quadratic_form_equals_scikit_learns_kernel_svm(
    data: tuple[np.ndarray, np.ndarray], degree: int, coef0: float
) -> None:
    encodings, classes = data
    config = SvmConfig(n_components=6, degree=degree, coef0=coef0)
    svm = fit_svm(encodings, classes, N_CLASSES, config)
    reduced = encodings @ svm.projection.T
    ours = np.array([svm(Encoding(row, 0.0)).values for row in encodings])
    for k in range(N_CLASSES):
        machine = SVC(kernel="poly", degree=degree, gamma=config.gamma, coef0=config.coef0, C=config.cost)
        theirs = machine.fit(reduced.astype(np.float64), classes == k).decision_function(reduced.astype(np.float64))
        np.testing.assert_allclose(ours[:, k], theirs, atol=2e-3 * np.abs(theirs).max())
    assert np.any(svm.quad) == (degree == 2)


@pytest.mark.parametrize("degree", [1, 2])
def test_directions_are_those_of_the_decision_and_not_of_the_loudness(degree: int) -> None:
    """Two classes that differ along a soft direction, beside louder ones that say nothing."""
    rng = np.random.default_rng(8)
    classes = np.arange(200) % 2
    points = rng.standard_normal((200, 10)) * np.linspace(3.0, 0.3, 10)
    points[:, 9] += 2.0 * classes - 1.0
    directions = active_directions(points.astype(np.float32), classes, 2, SvmConfig(degree=degree))
    np.testing.assert_allclose(directions @ directions.T, np.eye(10), atol=1e-5)
    assert abs(directions[0, 9]) > 0.9


def test_kernel_machines_keep_what_supports_any_class(data: tuple[np.ndarray, np.ndarray]) -> None:
    encodings, classes = data
    config = SvmConfig()
    machines = fit_kernel(encodings, classes, N_CLASSES, config)
    scores = (config.coef0 + config.gamma * encodings @ machines.support.T) ** 2 @ machines.dual.T + machines.bias
    assert np.mean(scores.argmax(axis=1) == classes) > 0.8
    assert len(machines.support) < len(encodings)


def test_a_large_set_gives_a_part_of_its_rows(
    data: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    encodings, classes = data
    monkeypatch.setattr(svm_module, "MAX_ROWS", 30)
    machines = fit_kernel(encodings, classes, N_CLASSES, SvmConfig())
    assert len(machines.support) <= 30
    found = {row.tobytes() for row in machines.support.astype(np.float32)}
    evenly = np.linspace(0, 89, 30).astype(int)
    assert found <= {row.tobytes() for row in encodings[evenly]}


def test_class_without_sound_is_refused(data: tuple[np.ndarray, np.ndarray]) -> None:
    encodings, classes = data
    with pytest.raises(TrainerError, match=r"every class wanted\. Got none of class 3"):
        fit_kernel(encodings, classes, N_CLASSES + 1, SvmConfig())


def test_temperature_recovers_the_scale(data: tuple[np.ndarray, np.ndarray]) -> None:
    """Labels drawn from softmax(scores / 0.5) make 0.5 the likeliest temperature."""
    encodings, classes = data
    svm = fit_svm(encodings, classes, N_CLASSES, SvmConfig(n_components=6))
    rng = np.random.default_rng(7)
    scores = rng.standard_normal((20000, N_CLASSES)).astype(np.float32)
    likely = np.exp(scores / 0.5)
    drawn = np.array([rng.choice(N_CLASSES, p=row / row.sum()) for row in likely.astype(np.float64)])
    fitted = fit_temperature(svm, scores, drawn)
    assert fitted.temperature == pytest.approx(0.5, abs=0.03)
    assert replace(fitted, temperature=1.0).bias is svm.bias
