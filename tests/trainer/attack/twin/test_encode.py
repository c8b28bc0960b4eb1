"""The mirrors of what is behind the image: descriptors, codebook, quadratic form, suspicion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.stages.codebook import ENCODINGS, Codebook, EncodingName
from edge.stages.surf import DenseSurf, SurfScale
from edge.stages.suspicion import ConformalSuspicion
from edge.types import F32, Descriptors, Encoding, Scalogram, Trace
from tests.trainer.attack.twin.slopes import check_slope, image

pytest.importorskip("tensorflow")


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
