"""A classifier so simple that every attack must move it: does the sound's power lie above 600 Hz or below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edge.types import F32
from trainer.attack.budget import Target
from trainer.attack.victim import Answer, Victim

__all__ = ["CALM", "Toy", "toy_targets"]

RATE_HZ = 16_000
N_SAMPLES = 8_000
SPLIT_HZ = 600
CALM = 0.1
LOUD_TONE = 0.3**2 / 4 * N_SAMPLES * (N_SAMPLES - 2000)
"""Of the spectrum of a tone of amplitude 0.3 over the loud part, summed"""


@dataclass
class Toy:
    """The model, its answers counted."""

    n_asked: int = 0
    sharpness: float = 2.0
    victim: Victim = field(init=False)

    def __post_init__(self) -> None:
        self.victim = Victim(signs=self.signs, judge=self.judge, length=lambda n: n, calm=CALM)

    def logits(self, samples: Any) -> Any:
        """TensorFlow (n, n_samples) to (n, 2): low, high."""
        import tensorflow as tf

        power = tf.abs(tf.signal.rfft(samples)) ** 2
        split = round(SPLIT_HZ * int(samples.shape[1]) / RATE_HZ)
        low, high = (tf.math.log(tf.reduce_sum(part, axis=1) + 1e-3) for part in (power[:, :split], power[:, split:]))
        return self.sharpness * tf.stack([low - high, high - low], axis=1)

    def signs(self, samples: Any, beta: Any) -> Any:
        """Suspicion is how much softer the low tone is than every true one: a sound with a hole in it."""
        import tensorflow as tf

        from trainer.attack.twin import Signs

        power = tf.abs(tf.signal.rfft(samples)) ** 2
        split = round(SPLIT_HZ * int(samples.shape[1]) / RATE_HZ)
        low = tf.reduce_sum(power[:, :split], axis=1)
        suspicion = tf.nn.relu(1.0 - low / LOUD_TONE)
        logits = self.logits(samples)
        return Signs(logits, tf.nn.log_softmax(logits), suspicion, suspicion[:, None])

    def judge(self, samples: F32) -> Answer:
        """The deployed one."""
        import tensorflow as tf

        self.n_asked += 1
        signs = self.signs(tf.constant(samples[None]), 1.0)
        shares = np.exp(signs.log_probabilities[0])
        suspicion = float(signs.suspicion[0])
        return Answer(int(shares.argmax()), shares, suspicion, 1.0 if suspicion <= CALM else 0.01)


def toy_targets(n: int = 4, *, lead_db: float = 6.0, seed: int = 0) -> list[Target]:
    """A low and a high tone a clip, the true one louder by `lead_db`; a quiet begin and end."""
    rng = np.random.default_rng(seed)
    targets = []
    for i in range(n):
        t = np.arange(N_SAMPLES) / RATE_HZ
        loud, soft = 0.3, 0.3 * 10 ** (-lead_db / 20)
        low, high = (loud, soft) if i % 2 == 0 else (soft, loud)
        tones = low * np.sin(2 * np.pi * rng.uniform(150, 400) * t) + high * np.sin(
            2 * np.pi * rng.uniform(900, 2500) * t
        )
        tones[:1200] *= 1e-4
        tones[-800:] *= 1e-4
        noisy = tones + 1e-6 * rng.standard_normal(N_SAMPLES)
        targets.append(Target(samples=noisy.astype(np.float32), rate_hz=RATE_HZ, label=i % 2))
    return targets
