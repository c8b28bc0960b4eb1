"""Each mirror gives what its stage gives, and slopes that finite differences confirm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from edge.bundle import Bundle, read_bundle
from edge.stages.codebook import ENCODINGS, Codebook, EncodingName
from edge.stages.denoise import Denoise
from edge.stages.enhance import Enhance
from edge.stages.lowrank import LowRank
from edge.stages.surf import DenseSurf, SurfScale
from edge.stages.suspicion import ConformalSuspicion
from edge.types import F32, Descriptors, Encoding, Scalogram, Trace, Window
from tests.tiny import LABELS, RATE_HZ, tiny_sound

pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Any) -> Bundle:
    return read_bundle(tiny_bundle)


@pytest.fixture(scope="module")
def traces(bundle: Bundle) -> list[Trace]:
    rng = np.random.default_rng(5)
    n = bundle.pipeline.scalogram.n_samples
    return [
        bundle.pipeline.trace(Window(samples=tiny_sound(label, rng)[:n], rate_hz=RATE_HZ, start_s=0.0))
        for label in LABELS
    ]


def image(seed: int = 0, shape: tuple[int, int] = (64, 80)) -> F32:
    """Levels in [-80, 0] dB, smooth enough to have a low rank."""
    rng = np.random.default_rng(seed)
    rough = rng.standard_normal((shape[0], 6)) @ rng.standard_normal((6, shape[1]))
    return (12 * rough - 45 + rng.standard_normal(shape)).astype(np.float32)


def check_slope(function: Callable[[Any], Any], x: F32, *, step: float, tolerance: float = 0.02, seed: int = 0) -> None:
    """The directional derivative of a random combination of outputs, by central differences."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(x.shape).astype(np.float32)
    weights = rng.standard_normal(np.shape(function(tf.constant(x)))).astype(np.float32)

    def value(at: Any) -> Any:
        return tf.reduce_sum(tf.cast(function(at), tf.float64) * weights)

    at = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(at)
        height = value(at)
    slope = float(np.sum(tape.gradient(height, at).numpy().astype(np.float64) * direction))
    there, back = (float(value(tf.constant(x + sign * np.float32(step) * direction))) for sign in (1, -1))
    assert slope == pytest.approx((there - back) / (2 * step), rel=tolerance)
    assert abs(slope) > 0


class TestScalogram:
    def test_is_the_stage(self, bundle: Bundle, traces: list[Trace]) -> None:
        from trainer.attack.twin.scalogram import scalogram

        stage = bundle.pipeline.scalogram
        found = scalogram(stage, np.stack([trace.window.samples for trace in traces]))
        for row, trace in zip(found.numpy(), traces, strict=True):
            np.testing.assert_allclose(row, trace.scalogram.level_db, atol=0.01)

    def test_slope(self, bundle: Bundle, traces: list[Trace]) -> None:
        from trainer.attack.twin.scalogram import scalogram

        check_slope(lambda x: scalogram(bundle.pipeline.scalogram, x), traces[0].window.samples[None], step=1e-4)

    def test_silence_has_a_finite_slope(self, bundle: Bundle) -> None:
        import tensorflow as tf

        from trainer.attack.twin.scalogram import scalogram

        x = tf.zeros((1, bundle.pipeline.scalogram.n_samples))
        with tf.GradientTape() as tape:
            tape.watch(x)
            height = tf.reduce_sum(scalogram(bundle.pipeline.scalogram, x))
        assert np.isfinite(tape.gradient(height, x)).all()


class TestEnhance:
    @pytest.mark.parametrize(
        "stage",
        [
            Enhance(floor_db=30.0, background=0.0, highboost=0.0, blur=3),
            Enhance(floor_db=40.0, background=0.5, highboost=0.0, blur=1),
            Enhance(floor_db=60.0, background=0.0, highboost=0.7, blur=5),
        ],
    )
    def test_is_the_stage_with_its_slope(self, stage: Enhance) -> None:
        from trainer.attack.twin.image import enhance

        levels = np.stack([image(1), image(2)])
        found = enhance(stage, levels, 3.0)
        for row, level in zip(found.numpy(), levels, strict=True):
            np.testing.assert_allclose(row, stage(Scalogram(level, float(level.max()))).level_db, atol=1e-3)
        check_slope(lambda x: enhance(stage, x, 0.0), levels, step=1e-3)

    def test_a_cell_below_the_floor_has_a_fading_slope(self) -> None:
        import tensorflow as tf

        from trainer.attack.twin.image import enhance

        stage = Enhance(floor_db=30.0, background=0.0, highboost=0.0, blur=1)
        level = np.full((1, 8, 8), -40.0, dtype=np.float32)
        level[0, 0, 0] = 0.0
        level[0, 1, 1] = -33.0
        x = tf.constant(level)
        with tf.GradientTape() as tape:
            tape.watch(x)
            height = tf.reduce_sum(enhance(stage, x, 3.0))
        gradient = tape.gradient(height, x).numpy()[0]
        assert gradient[1, 1] == pytest.approx(np.exp(-1), rel=1e-3)
        assert gradient[5, 5] == pytest.approx(np.exp(-10 / 3), rel=1e-3)


class TestLowRank:
    STAGE = LowRank(test_matrix=np.random.default_rng(3).standard_normal((80, 14)).astype(np.float32), rank=6)

    def test_is_the_stage(self) -> None:
        from trainer.attack.twin.image import lowrank

        levels = np.maximum(np.stack([image(1), image(2)]) + 60, 0)
        for row, level in zip(lowrank(self.STAGE, levels, 0.0).numpy(), levels, strict=True):
            np.testing.assert_allclose(row, self.STAGE(Scalogram(level, 0.0)).level_db, atol=0.02)

    def test_slope_is_that_of_the_svd_where_it_cuts_off_little(self) -> None:
        from trainer.attack.twin.image import lowrank

        rng = np.random.default_rng(4)
        rows = np.abs(rng.standard_normal((2, 64, 6)).astype(np.float32))
        levels = 5 + rows @ np.abs(rng.standard_normal((2, 6, 80)).astype(np.float32))
        stage = LowRank(test_matrix=self.STAGE.test_matrix, rank=7)
        check_slope(lambda x: lowrank(stage, x, 0.0), levels, step=1e-2)


class TestDenoise:
    def test_is_the_runtime(self, bundle: Bundle, traces: list[Trace]) -> None:
        from trainer.attack.twin.denoise import denoise

        stage = bundle.pipeline.denoise
        assert isinstance(stage, Denoise)
        found = denoise(stage, np.stack([trace.lowrank.level_db for trace in traces]), 3.0)
        for row, trace in zip(found.numpy(), traces, strict=True):
            wanted = trace.denoised.scalogram.level_db
            assert np.abs(row - wanted).mean() < 0.005
            assert np.abs(row - wanted).max() < 0.5

    def test_slope_of_the_network_behind_the_rounding(
        self, bundle: Bundle, traces: list[Trace], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import tensorflow as tf

        from trainer.attack.twin import denoise as module

        def only_clipped(x: Any, scale: float, zero: int, width: float = 0.0) -> Any:
            return tf.clip_by_value(x, (-128 - zero) * scale, (127 - zero) * scale)

        stage = bundle.pipeline.denoise
        assert isinstance(stage, Denoise)
        monkeypatch.setattr(module, "quantised", only_clipped)
        levels = np.stack([trace.lowrank.level_db for trace in traces])
        check_slope(lambda x: module.denoise(stage, x, 0.0), levels, step=1e-2, tolerance=0.05)

    def test_an_operator_that_we_do_not_have(self) -> None:
        from trainer.attack.twin.denoise import Operator, apply
        from trainer.errors import AttackError

        with pytest.raises(AttackError, match="Got LSTM instead"):
            apply(Operator(name="LSTM", options=None, inputs=(), output=0), [])


class TestSurf:
    STAGE = DenseSurf(
        n_bands=64,
        n_frames=80,
        scales=(SurfScale(4, 4, 8, 8), SurfScale(4, 8, 6, 10)),
        sigma_zones=0.66,
        unit_db=20.0,
        norm_offset=0.05,
        frequency_weight=1.0,
        level_weight=0.4,
        level_offset=0.02,
    )

    def test_is_the_stage_with_its_slope(self) -> None:
        from trainer.attack.twin.encode import surf

        levels = np.maximum(np.stack([image(1), image(2)]) + 60, 0)
        found = surf(self.STAGE, levels)
        for row, level in zip(found.numpy(), levels, strict=True):
            np.testing.assert_allclose(row, self.STAGE(Scalogram(level, 0.0)).values, atol=1e-4)
        check_slope(lambda x: surf(self.STAGE, x), np.stack([image(1), image(2)]), step=1e-3)

    def test_a_flat_image_has_a_finite_slope(self) -> None:
        import tensorflow as tf

        from trainer.attack.twin.encode import surf

        x = tf.zeros((1, 64, 80))
        with tf.GradientTape() as tape:
            tape.watch(x)
            height = tf.reduce_sum(surf(self.STAGE, x))
        assert np.isfinite(tape.gradient(height, x)).all()


class TestCodebook:
    @pytest.mark.parametrize("encoding", ENCODINGS)
    def test_is_the_stage(self, encoding: EncodingName) -> None:
        from trainer.attack.twin.encode import encode

        stage, values = codebook(encoding), descriptors()
        encodings, distances = encode(stage, values, 4.0, 1e-2)
        for i, row in enumerate(values):
            wanted = stage(Descriptors(values=row))
            np.testing.assert_allclose(encodings[i], wanted.values, atol=1e-4)
            assert float(distances[i]) == pytest.approx(wanted.distance, rel=1e-4)

    @pytest.mark.parametrize("encoding", ["vlad", "distance"])
    def test_slope_between_the_steps(self, encoding: EncodingName) -> None:
        """With constant memberships the slope is the true one, as long as no descriptor changes its word."""
        from trainer.attack.twin.encode import encode

        check_slope(lambda x: encode(codebook(encoding), x, 0.0, 1e-6)[0], descriptors(), step=1e-4, tolerance=0.05)
        check_slope(lambda x: encode(codebook(encoding), x, 0.0, 1e-6)[1], descriptors(), step=1e-3)

    def test_histogram_has_a_slope_through_its_soft_memberships_alone(self) -> None:
        import tensorflow as tf

        from trainer.attack.twin.encode import encode

        x = tf.constant(descriptors())
        slopes = []
        for beta in (0.0, 4.0):
            with tf.GradientTape() as tape:
                tape.watch(x)
                height = encode(codebook("bow"), x, beta, 1e-2)[0][:, 0]
            slopes.append(np.abs(tape.gradient(height, x)).max())
        assert slopes[0] == 0.0
        assert slopes[1] > 1e-5

    def test_memberships_are_hard_forward_and_a_softmax_backward(self) -> None:
        import tensorflow as tf

        from trainer.attack.twin.encode import memberships

        affinity = tf.constant(np.random.default_rng(0).standard_normal((2, 5, 4)).astype(np.float32))
        weights = tf.constant(np.random.default_rng(1).standard_normal((2, 5, 4)).astype(np.float32))
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(affinity)
            hard = tf.reduce_sum(memberships(affinity, 3.0) * weights)
            soft = tf.reduce_sum(tf.nn.softmax(6.0 * affinity) * weights)
        np.testing.assert_array_equal(memberships(affinity, 3.0), tf.one_hot(tf.argmax(affinity, axis=2), 4))
        np.testing.assert_allclose(tape.gradient(hard, affinity), tape.gradient(soft, affinity), atol=1e-5)


def codebook(encoding: EncodingName) -> Codebook:
    rng = np.random.default_rng(7)
    axes = np.linalg.qr(rng.standard_normal((12, 10)))[0].astype(np.float32)
    return Codebook(axes=axes, words=rng.standard_normal((6, 10)).astype(np.float32), encoding=encoding)


def descriptors() -> F32:
    return np.random.default_rng(8).standard_normal((2, 40, 12)).astype(np.float32)


class TestSvm:
    def test_is_the_stage_with_its_slope(self, bundle: Bundle, traces: list[Trace]) -> None:
        from trainer.attack.twin.encode import score

        encodings = np.stack([trace.encoding.values for trace in traces])
        found = score(bundle.pipeline.svm, encodings)
        for row, trace in zip(found.numpy(), traces, strict=True):
            np.testing.assert_allclose(row, bundle.pipeline.svm(Encoding(trace.encoding.values, 0.0)).values, atol=1e-3)
        check_slope(lambda x: score(bundle.pipeline.svm, x), encodings, step=1e-2)


class TestSuspicion:
    STAGE = ConformalSuspicion(
        quantiles=np.sort(np.random.default_rng(0).gamma(3, 1, (5, 101)), axis=1).astype(np.float32),
        calibration=np.linspace(0.2, 0.9, 99).astype(np.float32),
    )

    def values(self) -> Iterator[F32]:
        rng = np.random.default_rng(1)
        yield from rng.gamma(3, 1, (20, 5)).astype(np.float32)
        yield np.full(5, -5.0, dtype=np.float32)
        yield np.full(5, 50.0, dtype=np.float32)

    def test_is_the_stage(self) -> None:
        import tensorflow as tf

        from trainer.attack.twin.suspicion import suspicion

        rows = tf.constant(np.stack(list(self.values())))
        wanted = [self.STAGE.score(row) for row in rows.numpy()]
        np.testing.assert_allclose(suspicion(self.STAGE, rows), wanted, atol=1e-4)

    def test_has_a_slope_even_where_the_stage_is_flat(self) -> None:
        import tensorflow as tf

        from trainer.attack.twin.suspicion import suspicion

        x = tf.constant(np.stack(list(self.values())))
        with tf.GradientTape() as tape:
            tape.watch(x)
            height = tf.reduce_sum(suspicion(self.STAGE, x))
        gradient = tape.gradient(height, x).numpy()
        assert (gradient >= 0).all()
        assert (gradient[:20] > 1e-6).all()
        assert (gradient[-1] > 0).any(), "beyond the reference there is still a way back"

    def test_quietest_is_where_the_p_value_turns(self) -> None:
        from trainer.attack.twin.suspicion import quietest

        calm = quietest(self.STAGE, 0.05)
        ordered = np.sort(self.STAGE.calibration)

        def p_value(score: float) -> float:
            return (1 + np.count_nonzero(ordered >= np.float32(score))) / (len(ordered) + 1)

        assert p_value(calm) > 0.05
        assert p_value(float(np.nextafter(np.float32(calm), np.float32(2)))) <= 0.05
