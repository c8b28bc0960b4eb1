"""The mirrors up to the purified image: what the stage gives, and slopes that finite differences confirm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.stages.denoise import Denoise
from edge.stages.enhance import Enhance
from edge.stages.lowrank import LowRank
from edge.types import Scalogram, Trace
from tests.trainer.attack.twin.slopes import check_slope, image

pytest.importorskip("tensorflow")


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
