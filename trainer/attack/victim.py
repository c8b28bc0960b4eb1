"""What is attacked: the deployed program that confirms, and the differentiable function that shows the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.bundle import Bundle
from edge.clip import ClipVerdict, judge_samples
from edge.types import F32, Scalogram, Window
from trainer.attack.loss import LOSSES

if TYPE_CHECKING:
    from trainer.attack.twin import Signs

__all__ = ["CALM_P", "Answer", "Victim", "bundle_victim", "image_victim", "network_victim"]

CALM_P = 0.05
"""The p-value above which a jointly adaptive attacker wants to stay"""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the deployed program says of one clip."""

    label: int | None
    """The likeliest class; None where nothing was judged"""
    probabilities: F32
    """(n_classes,); empty where nothing was judged"""
    suspicion: float | None
    suspicion_p: float | None

    def margin(self, truth: int) -> float:
        """Probability of the best other class minus that of the true one: > 0 is another label."""
        if self.label is None:
            return 1.0
        return float(np.delete(self.probabilities, truth).max() - self.probabilities[truth])


@dataclass(frozen=True, eq=False)
class Victim:
    """One model under attack."""

    signs: Callable[[Any, Any], Signs] = field(repr=False)
    """TensorFlow (n, n_values) and the inverse temperature of the backward memberships to `Signs`"""
    judge: Callable[[F32], Answer] = field(repr=False)
    """The deployed program on one perturbed target (n_values,)"""
    length: Callable[[int], int] = field(repr=False)
    """Of so many samples, how many `signs` must see"""
    calm: float = 1.0
    """The largest suspicion whose p-value is above CALM_P"""
    _compiled: dict[tuple[str, int], Any] = field(default_factory=dict, init=False, repr=False)

    def climb(self, loss: str, n_values: int) -> Any:
        """A compiled function of values (n, n_values), truths (n,) and beta.

        It gives the loss to climb (n,), the log odds of a wrong label (n,), the suspicion (n,), and the gradient of
        the loss (n, n_values).
        """
        import tensorflow as tf

        key = loss, n_values
        if key in self._compiled:
            return self._compiled[key]
        specs = (
            tf.TensorSpec((None, n_values), tf.float32),
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((), tf.float32),
        )

        @tf.function(input_signature=specs)  # type: ignore[untyped-decorator]
        def step(values: Any, truth: Any, beta: Any) -> tuple[Any, Any, Any, Any]:
            with tf.GradientTape() as tape:
                tape.watch(values)
                signs = self.signs(values, beta)
                height = LOSSES[loss](signs, truth, self.calm)
            odds = LOSSES["margin"](signs, truth, self.calm)
            return height, odds, signs.suspicion, tape.gradient(height, values)

        self._compiled[key] = step
        return step


def bundle_victim(bundle: Bundle) -> Victim:
    """A deployed bundle, attacked at the waveform."""
    from trainer.attack.twin import Twin
    from trainer.attack.twin.suspicion import quietest

    twin = Twin.of(bundle)
    n_window, n_hop = bundle.pipeline.scalogram.n_samples, round(bundle.hop_s * bundle.rate_hz)
    return Victim(
        signs=twin.clips,
        judge=lambda samples: answer_of(judge_samples(bundle, samples)),
        # What `edge.framing` looks at: a tail shorter than a hop is never judged, a short clip is padded.
        length=lambda n: n_window + max(0, n - n_window) // n_hop * n_hop,
        calm=quietest(bundle.pipeline.suspicion, CALM_P),
    )


def image_victim(bundle: Bundle) -> Victim:
    """The same, attacked behind the wavelet transform, as the paper does: one scalogram, confirmed from there."""
    import tensorflow as tf

    from trainer.attack.twin import Twin
    from trainer.attack.twin.suspicion import quietest

    twin = Twin.of(bundle)
    stage = bundle.pipeline.scalogram
    shape = (stage.n_bands, stage.n_frames)
    silence = Window(samples=np.zeros(stage.n_samples, dtype=np.float32), rate_hz=bundle.rate_hz, start_s=0.0)

    def judge(levels: F32) -> Answer:
        level_db = np.ascontiguousarray(levels.reshape(shape))
        trace = bundle.pipeline.from_scalogram(silence, Scalogram(level_db, float(level_db.max())))
        return Answer(
            label=int(trace.scores.values.argmax()),
            probabilities=trace.scores.probabilities,
            suspicion=trace.suspicion.score,
            suspicion_p=trace.suspicion.p_value,
        )

    return Victim(
        signs=lambda levels, beta: twin.signs(tf.reshape(levels, (-1, *shape)), beta),
        judge=judge,
        length=lambda n: n,
        calm=quietest(bundle.pipeline.suspicion, CALM_P),
    )


def network_victim(logits: Callable[[Any], Any]) -> Victim:
    """A differentiable classifier, TensorFlow (n, n_samples) to logits (n, n_classes), without suspicion."""
    import tensorflow as tf

    from trainer.attack.twin import Signs

    def signs(samples: Any, beta: Any) -> Signs:
        del beta
        said = logits(samples)
        nothing = tf.zeros(tf.shape(samples)[0])
        return Signs(said, tf.nn.log_softmax(said), nothing, nothing[:, None])

    def judge(samples: F32) -> Answer:
        probabilities = tf.nn.softmax(logits(tf.constant(samples[None])))[0].numpy()
        return Answer(int(probabilities.argmax()), probabilities, None, None)

    return Victim(signs=signs, judge=judge, length=lambda n: n)


def answer_of(verdict: ClipVerdict) -> Answer:
    """The label is the likeliest class, abstained or not: abstaining from every clip would look robust."""
    probabilities = np.array(list(verdict.scores.values()), dtype=np.float32)
    label = int(probabilities.argmax()) if len(probabilities) else None
    return Answer(label, probabilities, verdict.suspicion, verdict.suspicion_p)
