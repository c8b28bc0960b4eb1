"""What every attack shares: the exact size of its perturbation, and the check that it kept to it.

The budget is the SNR in dB over the active part of a clip: the stretch in which the clip is within
`ACTIVE_RANGE_DB` of its loudest frame. The perturbation is zero elsewhere; silence between sounds is no
place to hide energy that the SNR does not count.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import F32
from trainer.errors import AttackError

__all__ = ["Attack", "Perturbed", "Target", "active_part", "at_snr", "snr_db_of"]

ACTIVE_RANGE_DB = 40.0
FRAME_S = 0.025
TOLERANCE_DB = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One clip to attack."""

    samples: F32
    """(n_samples,), in [-1, 1]: clip what a resampler let out, or the clean sound breaks the bounds"""
    rate_hz: int
    label: int
    """Index of the true class"""


@dataclass(frozen=True, slots=True, eq=False)
class Perturbed:
    """What an attack made of a clip."""

    samples: F32
    """(n_samples,), in [-1, 1]"""
    snr_db: float
    """Measured over the active part of the clip"""
    linf: float
    """Largest change of a sample, full scale = 1"""


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """An attack is its configuration: `repr(attack)` rebuilds it."""

    snr_db: float
    """Size of the perturbation, dB over the active part; larger = quieter"""
    seed: int = 0

    def __call__(self, targets: Sequence[Target], /) -> list[Perturbed]:
        """Perturb every clip at exactly `snr_db`.

        Raises
        ------
        AttackError : a clip has no sound, or no room for a perturbation of this size below full scale
        """
        directions = self.directions(targets)
        return [finish(target, raw, self.snr_db) for target, raw in zip(targets, directions, strict=True)]

    @abstractmethod
    def directions(self, targets: Sequence[Target], /) -> list[F32]:
        """A perturbation (n_samples,) for each clip; its size does not matter, its shape does."""


def finish(target: Target, raw: F32, snr_db: float) -> Perturbed:
    """Bring a perturbation to its size, and check the result rather than trust it."""
    if np.abs(target.samples).max() > 1.0:
        raise AttackError(f"attack: samples in [-1, 1] wanted. Got {np.abs(target.samples).max():.3f} instead.")
    active = active_part(target.samples, target.rate_hz)
    samples = at_snr(target.samples, raw, active, snr_db)
    measured = snr_db_of(target.samples, samples, active)
    if abs(measured - snr_db) > TOLERANCE_DB or np.abs(samples).max() > 1.0:
        raise AttackError(f"attack: {snr_db:g} dB SNR within full scale wanted. Got {measured:.3f} dB instead.")
    return Perturbed(samples=samples, snr_db=measured, linf=float(np.abs(samples - target.samples).max()))


def active_part(samples: F32, rate_hz: int) -> NDArray[np.bool_]:
    """True (n_samples,) where the clip's 25 ms frame is within 40 dB of its loudest one."""
    n_frame = round(FRAME_S * rate_hz)
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % n_frame))
    power = np.mean(padded.reshape(-1, n_frame) ** 2, axis=1)
    if power.max() <= 0:
        raise AttackError("attack: a clip with sound wanted. Got digital silence instead.")
    loud = power >= power.max() * 10 ** (-ACTIVE_RANGE_DB / 10)
    return np.repeat(loud, n_frame)[: len(samples)]


def snr_db_of(clean: F32, perturbed: F32, active: NDArray[np.bool_]) -> float:
    """Power of the clip over power of the whole change, dB, both summed over samples; the clip's only where active."""
    signal = np.sum(np.square(clean[active], dtype=np.float64))
    noise = np.sum(np.square(perturbed.astype(np.float64) - clean))
    return float(10 * np.log10(signal / noise)) if noise > 0 else float("inf")


def at_snr(clean: F32, raw: F32, active: NDArray[np.bool_], snr_db: float) -> F32:
    """Clip + scaled perturbation (n_samples,), in [-1, 1], at `snr_db` after clipping.

    Clipping takes energy away, so the scale is found by bisection: the change grows with it.
    """
    shape = np.where(active, raw, 0).astype(np.float64)
    norm = np.sqrt(np.sum(shape**2))
    if not np.isfinite(norm) or norm == 0:
        raise AttackError("attack: a finite perturbation that is not zero wanted. Got zero or NaN instead.")
    size = np.sqrt(np.sum(np.square(clean[active], dtype=np.float64))) * 10 ** (-snr_db / 20)
    start = clean.astype(np.float64)

    def perturbed(scale: float) -> F32:
        return np.clip(start + scale * shape, -1, 1).astype(np.float32)

    low, high = 0.0, size / norm
    while snr_db_of(clean, perturbed(high), active) > snr_db:
        low, high = high, 2 * high
        if high * norm > 1e4 * size:
            raise AttackError(
                f"attack: room for {snr_db:g} dB SNR below full scale wanted. Got a clipped clip instead."
            )
    for _ in range(50):
        middle = (low + high) / 2
        if snr_db_of(clean, perturbed(middle), active) > snr_db:
            low = middle
        else:
            high = middle
    return perturbed(high)
