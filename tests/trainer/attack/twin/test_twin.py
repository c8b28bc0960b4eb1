"""The whole twin against the deployed program: same labels, same scores, a gradient on every clip, and it climbs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle import Bundle, read_bundle
from edge.clip import judge_samples
from edge.stages.off import NoDenoise, NoLowRank
from edge.types import F32, Trace, Window
from tests.tiny import LABELS, RATE_HZ, tiny_sound
from trainer.errors import AttackError

pytest.importorskip("tensorflow")

N_RECORDINGS = 120
"""Of ESC-10, spread over the folds and classes"""


def made_sounds(n_samples: int) -> F32:
    """Sounds of every kind that we can make, for where there is no recording."""
    rng = np.random.default_rng(3)
    seconds = n_samples / RATE_HZ
    return np.stack([tiny_sound(label, rng, seconds)[:n_samples] for label in LABELS for _ in range(4)])


def recordings(folder: Path, n_samples: int) -> F32:
    from trainer.data import load_dataset, read_clip

    clips = load_dataset(folder).clips
    chosen = [clips[i] for i in np.linspace(0, len(clips) - 1, N_RECORDINGS).astype(int)]
    rows = [np.clip(read_clip(clip, rate_hz=RATE_HZ), -1, 1)[:n_samples] for clip in chosen]
    return np.stack([np.pad(row, (0, n_samples - len(row))) for row in rows])


def traces_of(bundle: Bundle, windows: F32) -> list[Trace]:
    return [bundle.pipeline.trace(Window(samples=row, rate_hz=RATE_HZ, start_s=0.0)) for row in windows]


def check_parity(bundle: Bundle, windows: F32) -> None:
    import tensorflow as tf

    from trainer.attack.twin import Twin

    twin = Twin.of(bundle)
    compiled = tf.function(lambda rows: twin.clips(rows, 4.0))
    parts = [compiled(windows[i : i + 8]) for i in range(0, len(windows), 8)]
    scores = np.concatenate([part.scores for part in parts])
    suspicion = np.concatenate([part.suspicion for part in parts])
    traces = traces_of(bundle, windows)
    wanted = np.stack([trace.scores.values for trace in traces])
    wanted_suspicion = np.array([trace.suspicion.score for trace in traces])
    assert (scores.argmax(axis=1) == wanted.argmax(axis=1)).mean() >= 0.99
    assert np.corrcoef(scores.ravel(), wanted.ravel())[0, 1] >= 0.999
    assert np.abs(scores - wanted).max() < bundle.manifest["tolerance"]["scores"]
    assert np.corrcoef(suspicion, wanted_suspicion)[0, 1] >= 0.99
    assert np.abs(suspicion - wanted_suspicion).max() < bundle.manifest["tolerance"]["suspicion"]


def check_gradient(bundle: Bundle, windows: F32) -> float:
    """Every clip has a slope; gives the share of clips whose best class a step along it, 50 dB below, brings down."""
    import tensorflow as tf

    from trainer.attack.twin import Twin

    twin = Twin.of(bundle)

    @tf.function  # type: ignore[untyped-decorator]
    def lead_of_best(rows: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(rows)
            two = tf.math.top_k(twin.clips(rows, 10.0).log_probabilities, 2).values
            lead = two[:, 0] - two[:, 1]
        return lead, tape.gradient(lead, rows)

    lowered = []
    for i in range(0, len(windows), 8):
        rows = windows[i : i + 8]
        lead, gradient = (value.numpy() for value in lead_of_best(tf.constant(rows)))
        assert np.isfinite(gradient).all()
        assert gradient.any(axis=1).all()
        unit = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
        size = np.linalg.norm(rows, axis=1, keepdims=True) * 10 ** (-50 / 20)
        after, _ = lead_of_best(tf.constant((rows - size * unit).astype(np.float32)))
        lowered.extend(after.numpy() < lead)
    return float(np.mean(lowered))


class TestTinyBundle:
    def test_parity(self, tiny_bundle: Path) -> None:
        bundle = read_bundle(tiny_bundle)
        check_parity(bundle, made_sounds(bundle.pipeline.scalogram.n_samples))

    def test_gradient(self, tiny_bundle: Path) -> None:
        bundle = read_bundle(tiny_bundle)
        assert check_gradient(bundle, made_sounds(bundle.pipeline.scalogram.n_samples)) >= 2 / 3

    @pytest.mark.parametrize(
        "changes",
        [{"lowrank": NoLowRank()}, {"denoise": NoDenoise()}, {"denoise_first": True}],
        ids=["without SVD", "without autoencoder", "autoencoder first"],
    )
    def test_parity_of_other_orders(self, tiny_bundle: Path, changes: dict[str, Any]) -> None:
        bundle = read_bundle(tiny_bundle)
        other = replace(bundle, pipeline=replace(bundle.pipeline, **changes))
        check_parity(other, made_sounds(bundle.pipeline.scalogram.n_samples))

    @pytest.mark.parametrize("seconds", [0.7, 2.0, 3.3])
    def test_clips_are_framed_and_averaged_as_deployed(self, tiny_bundle: Path, seconds: float) -> None:
        from trainer.attack.twin import Twin

        bundle = read_bundle(tiny_bundle)
        rng = np.random.default_rng(9)
        clips = np.stack([tiny_sound(label, rng, seconds) for label in LABELS])
        clips[1, : round(0.8 * len(clips[1]))] = 0.0
        signs = Twin.of(bundle).clips(clips, 4.0)
        for i, clip in enumerate(clips):
            verdict = judge_samples(bundle, clip)
            shares = np.exp(signs.log_probabilities[i])
            np.testing.assert_allclose(shares, list(verdict.scores.values()), atol=0.02)
            assert float(signs.suspicion[i]) == pytest.approx(verdict.suspicion, abs=0.05)

    def test_windows_that_the_gate_stops_have_no_say(self, tiny_bundle: Path) -> None:
        from trainer.attack.twin import Twin

        bundle = read_bundle(tiny_bundle)
        clip = tiny_sound("whistle", np.random.default_rng(1), 4.0)
        clip[: 5 * RATE_HZ // 2] *= 1e-5
        verdict = judge_samples(bundle, clip)
        assert verdict.windows[0].reason == "too_quiet"
        signs = Twin.of(bundle).clips(clip[None], 4.0)
        np.testing.assert_allclose(np.exp(signs.log_probabilities[0]), list(verdict.scores.values()), atol=0.02)

    def test_second_entry_point_is_the_deployed_one(self, tiny_bundle: Path) -> None:
        from trainer.attack.twin import Twin

        bundle = read_bundle(tiny_bundle)
        traces = traces_of(bundle, made_sounds(bundle.pipeline.scalogram.n_samples)[:3])
        levels = np.stack([trace.scalogram.level_db for trace in traces])
        levels[:, 10:20, 10:20] += 6.0
        signs = Twin.of(bundle).signs(levels, 4.0)
        for i, trace in enumerate(traces):
            moved = replace(trace.scalogram, level_db=levels[i])
            wanted = bundle.pipeline.from_scalogram(trace.window, moved)
            np.testing.assert_allclose(signs.scores[i], wanted.scores.values, atol=0.05)


class TestReferenceBundle:
    def test_parity_on_made_sounds(self, reference_bundle: Path) -> None:
        bundle = read_bundle(reference_bundle)
        check_parity(bundle, made_sounds(bundle.pipeline.scalogram.n_samples))

    def test_gradient_on_made_sounds(self, reference_bundle: Path) -> None:
        """A pure whistle is a steep crest: more than half of the steps must go down, not two thirds."""
        bundle = read_bundle(reference_bundle)
        assert check_gradient(bundle, made_sounds(bundle.pipeline.scalogram.n_samples)) > 1 / 2

    def test_parity_and_gradient_on_recordings(self, reference_bundle: Path, esc10: Path) -> None:
        bundle = read_bundle(reference_bundle)
        windows = recordings(esc10, bundle.pipeline.scalogram.n_samples)
        check_parity(bundle, windows)
        assert check_gradient(bundle, windows[::3]) >= 2 / 3


def test_orb_is_refused(tiny_orb_bundle: Path) -> None:
    from trainer.attack.twin import Twin

    with pytest.raises(AttackError, match="Got ORB, which compares and has no gradient"):
        Twin.of(read_bundle(tiny_orb_bundle))
