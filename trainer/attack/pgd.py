"""Projected gradient descent in L2 on a differentiable classifier (Madry et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from edge.types import F32
from trainer.attack.base import Attack, Target, active_part
from trainer.errors import AttackError

__all__ = ["Pgd"]


@dataclass(frozen=True, kw_only=True)
class Pgd(Attack):
    """Climb the cross-entropy of `logits` on the sphere of the budget; the best iterate of all restarts is kept.

    The iterate is projected onto the sphere, not the ball: a smaller perturbation than allowed is no
    use to an attacker, and the exact size is the contract of `Attack`.
    """

    logits: Callable[[Any], Any] = field(repr=False)
    """TensorFlow float32 (n, n_samples) to logits (n, n_classes), differentiable"""
    n_steps: int = 60
    step: float = 0.1
    """Length of a step, share of the budget"""
    n_restarts: int = 2
    batch: int = 16

    def directions(self, targets: Sequence[Target], /) -> list[F32]:
        rng = np.random.default_rng(self.seed)
        # Clips of one length share a batch: padding would change what the classifier sees.
        groups: dict[int, list[int]] = {}
        for i, target in enumerate(targets):
            groups.setdefault(len(target.samples), []).append(i)
        chunks = [
            members[k : k + self.batch] for members in groups.values() for k in range(0, len(members), self.batch)
        ]
        found: dict[int, F32] = {}
        for chunk in tqdm(chunks, desc="pgd", unit="batch", disable=None):
            found |= dict(zip(chunk, self._climb([targets[i] for i in chunk], rng), strict=True))
        return [found[i] for i in range(len(targets))]

    def _climb(self, targets: list[Target], rng: np.random.Generator) -> F32:
        """The best perturbations (n, n_samples) of a batch."""
        import tensorflow as tf

        clean = np.stack([target.samples for target in targets])
        mask = np.stack([active_part(target.samples, target.rate_hz) for target in targets]).astype(np.float32)
        size = np.linalg.norm(clean * mask, axis=1, keepdims=True) * 10 ** (-self.snr_db / 20)
        truth = tf.constant([target.label for target in targets])

        @tf.function  # type: ignore[untyped-decorator]
        def loss_and_gradient(delta: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                tape.watch(delta)
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
                    labels=truth, logits=self.logits(tf.clip_by_value(clean + delta, -1.0, 1.0))
                )
            return loss, tape.gradient(loss, delta)

        best = np.zeros_like(clean)
        best_loss = np.full(len(targets), -np.inf)
        for _ in range(self.n_restarts):
            delta = onto_sphere(rng.standard_normal(clean.shape, dtype=np.float32) * mask, size)
            for i in range(self.n_steps + 1):
                loss, gradient = (value.numpy() for value in loss_and_gradient(tf.constant(delta)))
                better = loss > best_loss
                best[better], best_loss[better] = delta[better], loss[better]
                if i == self.n_steps:
                    break
                gradient = gradient * mask
                if not gradient.any():
                    raise AttackError("pgd: a gradient that is not zero wanted. Got zero on every clip instead.")
                delta = onto_sphere(delta + self.step * onto_sphere(gradient, size), size)
        return best


def onto_sphere(vectors: F32, size: F32) -> F32:
    """Rows (n, n_samples) scaled to length `size` (n, 1)."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: F32 = (vectors * (size / np.maximum(norm, 1e-20))).astype(np.float32)
    return scaled
