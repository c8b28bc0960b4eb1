"""A small attack that only asks for scores: random search over time-frequency tiles at a fixed loudness.

After Square (Andriushchenko et al., arXiv 1912.00049), on sound: the perturbation is made of tiles, a
quarter of a second by a third of an octave or so, of noise and of the sound's own bands (which can
thin the sound out). A step sets the gains of a random rectangle of tiles, smaller ones later; the
whole is scaled to the same energy, and stays if the margin fell. It asks the bundle's own pipeline,
as an attacker with the device in hand would.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from edge.bundle import Bundle
from edge.demo.noise import F64
from edge.framing import windows_of
from edge.types import Verdict

__all__ = ["Tampered", "at_snr", "search", "verdicts_of"]

TILE_S = 0.25
N_BANDS = 24
LOW_HZ = 60.0
TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Tampered:
    """A perturbation, and what finding it took."""

    delta: F64
    """(n_samples,), full scale = ±1"""
    snr_db: float
    queries: int
    margin_before: float
    """Mean over windows of log p(truth) - log p(best other); negative: fooled"""
    margin_after: float


def search(
    bundle: Bundle,
    samples: F64,
    truth: str,
    *,
    snr_db: float,
    max_queries: int,
    max_s: float,
    rng: Generator,
    stop: threading.Event,
) -> Tampered:
    """The best perturbation (n_samples,) of one sound within a number of questions, a time, or until `stop`."""
    deadline_s = time.monotonic() + max_s
    tiles = Tiles.over(samples, bundle.rate_hz, rng)
    gains = np.vstack([np.exp(rng.standard_normal((N_BANDS, tiles.n_tiles))), np.zeros((N_BANDS, tiles.n_tiles))])
    before = _margin(bundle, samples, truth)
    delta = at_snr(tiles.render(gains), samples, snr_db)
    best = _margin(bundle, samples + delta, truth)
    queries = 2
    while queries < max_queries and time.monotonic() < deadline_s and not stop.is_set():
        proposal = _step(gains, rng, progress=queries / max_queries)
        candidate = at_snr(tiles.render(proposal), samples, snr_db)
        margin = _margin(bundle, samples + candidate, truth)
        queries += 1
        if margin < best:
            best, gains, delta = margin, proposal, candidate
    return Tampered(delta, snr_db, queries, before, best)


def at_snr(delta: F64, samples: F64, snr_db: float) -> F64:
    """Scale a perturbation so that the sound is `snr_db` stronger, both over their whole length."""
    energy = float(np.sum(delta**2))
    if energy == 0:
        return delta
    return np.asarray(delta * math.sqrt(float(np.sum(samples**2)) / energy * 10 ** (-snr_db / 10)))


def verdicts_of(bundle: Bundle, samples: F64) -> list[Verdict]:
    """What the bundle says of every window of a sound (n_samples,) at its own rate."""
    windows = windows_of(
        samples.astype(np.float32), rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s
    )
    judge = bundle.judge()
    return [judge(window) for window in windows]


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Noise, then the sound itself, cut into bands and quarters of a second."""

    atoms: F64
    """(2 * N_BANDS, n_tiles, n_tile), every band of noise with rms 1"""
    n_samples: int

    @property
    def n_tiles(self) -> int:
        """Along time."""
        return int(self.atoms.shape[1])

    @staticmethod
    def over(samples: F64, rate_hz: int, rng: Generator) -> Tiles:
        """The tiles of one sound."""
        n_tile = round(TILE_S * rate_hz)
        n = -(-len(samples) // n_tile) * n_tile
        sound = np.pad(samples, (0, n - len(samples)))
        frequency = np.fft.rfftfreq(n, 1 / rate_hz)
        edges = np.geomspace(LOW_HZ, 0.475 * rate_hz, N_BANDS + 1)
        atoms = []
        for source in (rng.standard_normal(n), sound):
            spectrum = np.fft.rfft(source)
            for low, high in pairwise(edges):
                atoms.append(np.fft.irfft(np.where((low <= frequency) & (frequency < high), spectrum, 0), n))
        noise = np.array(atoms[:N_BANDS])
        noise /= np.sqrt(np.mean(noise**2, axis=1, keepdims=True))
        noise *= np.sqrt(np.mean(samples**2))
        return Tiles(np.vstack([noise, atoms[N_BANDS:]]).reshape(2 * N_BANDS, -1, n_tile), len(samples))

    def render(self, gains: F64) -> F64:
        """The sum of all tiles under gains (2 * N_BANDS, n_tiles), (n_samples,)."""
        return np.asarray(np.einsum("bt,btn->tn", gains, self.atoms).ravel()[: self.n_samples])


def _step(gains: F64, rng: Generator, *, progress: float) -> F64:
    """Change one rectangle, a quarter of the image at the start, a few tiles at the end."""
    share = 0.5 * (1 - progress) + 0.05
    height = max(1, round(share * N_BANDS * rng.uniform(0.3, 1)))
    width = max(1, round(share * gains.shape[1] * rng.uniform(0.3, 1)))
    row = rng.integers(0, len(gains) - height + 1)
    column = rng.integers(0, gains.shape[1] - width + 1)
    changed = gains.copy()
    changed[row : row + height, column : column + width] = rng.choice([-1, 0, 1]) * math.exp(
        1.5 * rng.standard_normal()
    )
    return changed


def _margin(bundle: Bundle, samples: F64, truth: str) -> float:
    """Mean over windows of log p(truth) - log p(best other); a window without a verdict counts as fooled."""
    margins = []
    for verdict in verdicts_of(bundle, samples):
        others = [p for label, p in verdict.scores.items() if label != truth]
        margins.append(math.log(verdict.scores[truth] + TINY) - math.log(max(others) + TINY) if others else 0.0)
    return float(np.mean(margins))
