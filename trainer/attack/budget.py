"""How large a perturbation may be, and what is perturbed: a clip's samples, or its scalogram.

The SNR is over the active part of a clip: the stretch in which the clip is within `ACTIVE_RANGE_DB` of its loudest
frame. The perturbation is zero elsewhere; silence between sounds is no place to hide energy that the SNR does not
count.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.types import F32
from trainer.errors import AttackError

__all__ = ["Budget", "ImageTarget", "Linf", "Snr", "Target", "active_part", "at_snr", "snr_db_of"]

ACTIVE_RANGE_DB = 40.0
FRAME_S = 0.025
LEAST_LEVEL_DB = -120.0
"""What the scalogram gives for silence"""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One clip to attack."""

    samples: F32
    """(n_samples,), in [-1, 1]: clip what a resampler let out, or the clean sound breaks the bounds"""
    rate_hz: int
    label: int
    """Index of the true class"""

    @property
    def bounds(self) -> tuple[float, float]:
        """What no perturbed value may leave."""
        return -1.0, 1.0

    def active(self) -> NDArray[np.bool_]:
        """Where a perturbation may be, (n_samples,)."""
        return active_part(self.samples, self.rate_hz)

    def signal(self) -> F32:
        """What the SNR measures the perturbation against, (n_samples,)."""
        return self.samples

    def rng(self, *seeds: int) -> np.random.Generator:
        """Of this clip alone, whatever it shares a batch with."""
        return np.random.default_rng([*seeds, zlib.crc32(self.samples.tobytes())])


@dataclass(frozen=True, slots=True, eq=False)
class ImageTarget(Target):
    """The scalogram of one window instead: `samples` are its levels, dB, row after row."""

    shape: tuple[int, int]
    """(n_bands, n_frames)"""
    floor_db: float
    """Below the loudest cell; what lies deeper is no signal"""

    @property
    def bounds(self) -> tuple[float, float]:
        return LEAST_LEVEL_DB, max(0.0, float(self.samples.max()))

    def active(self) -> NDArray[np.bool_]:
        return np.ones(len(self.samples), dtype=bool)

    def signal(self) -> F32:
        """Levels above the floor, dB."""
        above: F32 = np.maximum(self.samples - (self.samples.max() - np.float32(self.floor_db)), 0.0)
        return above


@dataclass(frozen=True, kw_only=True)
class Budget(ABC):
    """A size, and the geometry that belongs to it."""

    @abstractmethod
    def size(self, target: Target) -> float:
        """In the unit of the norm."""

    @abstractmethod
    def onto(self, rows: F32, sizes: F32) -> F32:
        """Perturbations (n, n_values) brought to their sizes (n, 1)."""

    @abstractmethod
    def steepest(self, gradients: F32) -> F32:
        """Of all rows (n, n_values) of size 1 the ones that climb most."""

    @abstractmethod
    def noise(self, rng: np.random.Generator, n: int) -> F32:
        """A random perturbation (n,), for starts and for twins; its size does not matter."""

    @abstractmethod
    def apply(self, target: Target, raw: F32) -> F32:
        """The target with a perturbation (n_values,) scaled to exactly this budget, within bounds; checked."""


@dataclass(frozen=True, kw_only=True)
class Snr(Budget):
    """The signal's power over the perturbation's, both summed over the active part."""

    db: float
    """Larger = quieter"""
    TOLERANCE_DB: ClassVar[float] = 0.01

    def __post_init__(self) -> None:
        if not np.isfinite(self.db):
            raise AttackError(f"attack: a finite SNR in dB wanted. Got {self.db} instead.")

    def size(self, target: Target) -> float:
        return float(np.linalg.norm(target.signal()[target.active()].astype(np.float64)) * 10 ** (-self.db / 20))

    def onto(self, rows: F32, sizes: F32) -> F32:
        return (self.steepest(rows) * sizes).astype(np.float32)

    def steepest(self, gradients: F32) -> F32:
        norm = np.linalg.norm(gradients, axis=1, keepdims=True)
        unit: F32 = gradients / np.maximum(norm, 1e-20)
        return unit

    def noise(self, rng: np.random.Generator, n: int) -> F32:
        return rng.standard_normal(n, dtype=np.float32)

    def apply(self, target: Target, raw: F32) -> F32:
        active = target.active()
        samples = at_snr(target.samples, raw, active, self.db, signal=target.signal(), bounds=target.bounds)
        measured = snr_db_of(target.samples, samples, active, signal=target.signal())
        if abs(measured - self.db) > self.TOLERANCE_DB:
            raise AttackError(f"attack: {self.db:g} dB SNR within bounds wanted. Got {measured:.3f} dB instead.")
        return samples


@dataclass(frozen=True, kw_only=True)
class Linf(Budget):
    """The largest change of one value: full scale = 1 for samples, dB for images."""

    limit: float

    def __post_init__(self) -> None:
        if not 0.0 < self.limit < float("inf"):
            raise AttackError(f"attack: a budget > 0 wanted. Got {self.limit} instead.")

    def size(self, target: Target) -> float:  # noqa: ARG002 - the same for all
        return self.limit

    def onto(self, rows: F32, sizes: F32) -> F32:
        return np.clip(rows, -sizes, sizes).astype(np.float32)

    def steepest(self, gradients: F32) -> F32:
        return np.sign(gradients)

    def noise(self, rng: np.random.Generator, n: int) -> F32:
        return np.sign(rng.standard_normal(n, dtype=np.float32))

    def apply(self, target: Target, raw: F32) -> F32:
        shape = np.where(target.active(), raw, 0).astype(np.float64)
        largest = np.abs(shape).max()
        if not np.isfinite(largest) or largest == 0:
            raise AttackError("attack: a finite perturbation that is not zero wanted. Got zero or NaN instead.")
        moved = target.samples + shape * (self.limit / largest)
        samples: F32 = np.clip(moved, *target.bounds).astype(np.float32)
        # Rounding to float32 may step over the limit by half a unit in the last place.
        reach = np.spacing(np.abs(samples).max())
        if np.abs(samples - target.samples.astype(np.float64)).max() > self.limit + reach:
            raise AttackError(f"attack: changes of at most {self.limit:g} wanted. Got larger ones instead.")
        return samples


def active_part(samples: F32, rate_hz: int) -> NDArray[np.bool_]:
    """True (n_samples,) where the clip's 25 ms frame is within 40 dB of its loudest one."""
    n_frame = round(FRAME_S * rate_hz)
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % n_frame))
    power = np.mean(padded.reshape(-1, n_frame) ** 2, axis=1)
    if power.max() <= 0:
        raise AttackError("attack: a clip with sound wanted. Got digital silence instead.")
    loud = power >= power.max() * 10 ** (-ACTIVE_RANGE_DB / 10)
    return np.repeat(loud, n_frame)[: len(samples)]


def snr_db_of(clean: F32, perturbed: F32, active: NDArray[np.bool_], *, signal: F32 | None = None) -> float:
    """Power of `signal` (the clip itself) where active over power of the whole change, dB, both summed."""
    reference = clean if signal is None else signal
    power = np.sum(np.square(reference[active], dtype=np.float64))
    noise = np.sum(np.square(perturbed.astype(np.float64) - clean))
    return float(10 * np.log10(power / noise)) if noise > 0 else float("inf")


def at_snr(
    clean: F32,
    raw: F32,
    active: NDArray[np.bool_],
    snr_db: float,
    *,
    signal: F32 | None = None,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> F32:
    """Clip + scaled perturbation (n_samples,), within `bounds`, at `snr_db` after clipping.

    Clipping takes energy away, so the scale is found by bisection: the change grows with it.
    """
    shape = np.where(active, raw, 0).astype(np.float64)
    norm = np.sqrt(np.sum(shape**2))
    if not np.isfinite(norm) or norm == 0:
        raise AttackError("attack: a finite perturbation that is not zero wanted. Got zero or NaN instead.")
    reference = clean if signal is None else signal
    size = np.sqrt(np.sum(np.square(reference[active], dtype=np.float64))) * 10 ** (-snr_db / 20)
    start = clean.astype(np.float64)

    def perturbed(scale: float) -> F32:
        return np.clip(start + scale * shape, *bounds).astype(np.float32)

    low, high = 0.0, size / norm
    while snr_db_of(clean, perturbed(high), active, signal=reference) > snr_db:
        low, high = high, 2 * high
        if high * norm > 1e4 * size:
            raise AttackError(f"attack: room for {snr_db:g} dB SNR within bounds wanted. Got a clipped clip instead.")
    for _ in range(50):
        middle = (low + high) / 2
        if snr_db_of(clean, perturbed(middle), active, signal=reference) > snr_db:
            low = middle
        else:
            high = middle
    return perturbed(high)
