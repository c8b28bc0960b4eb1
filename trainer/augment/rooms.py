"""Simulated rooms: a direct sound and an exponentially decaying diffuse tail (Moorer 1979; Polack 1988).

Reverberation times for training and for tests do not touch, so that figures under test rooms are
about rooms that nothing was fitted in.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from edge.types import F32

__all__ = ["TEST_RT60_S", "TRAIN_RT60_S", "in_room", "room_response", "training_rt60_s"]

TRAIN_RT60_S = ((0.2, 0.35), (0.7, 1.0))
TEST_RT60_S = ((0.45, 0.55),)
"""Ranges of RT60, the time in which a room's sound falls by 60 dB, seconds"""
DIRECT_DB = (-3.0, 6.0)
"""Energy of the direct sound over that of the tail: a microphone at two to half of the critical distance"""
GAP_S = 0.002
"""From the direct sound to the first reflection: a detour of 0.7 m"""


def training_rt60_s(rng: Generator) -> float:
    """A reverberation time of TRAIN_RT60_S, every range equally often."""
    return float(rng.uniform(*TRAIN_RT60_S[rng.integers(len(TRAIN_RT60_S))]))


def room_response(rt60_s: float, rate_hz: int, rng: Generator) -> F32:
    """Impulse response (n_taps,) of unit energy: the direct sound at 0, then noise that falls by 60 dB in `rt60_s`."""
    t = np.arange(round(rt60_s * rate_hz)) / rate_hz
    tail = rng.standard_normal(len(t)) * 10.0 ** (-3.0 * t / rt60_s)
    tail[: round(GAP_S * rate_hz)] = 0.0
    tail /= np.linalg.norm(tail)
    tail[0] = 10.0 ** (rng.uniform(*DIRECT_DB) / 20.0)
    response: F32 = (tail / np.linalg.norm(tail)).astype(np.float32)
    return response


def in_room(samples: F32, response: F32) -> F32:
    """The samples (n_samples,) as heard in the room; the tail behind their end is cut."""
    n_fft = 1 << (len(samples) + len(response) - 2).bit_length()
    wet = np.fft.irfft(np.fft.rfft(samples, n_fft) * np.fft.rfft(response, n_fft), n_fft)
    return wet[: len(samples)].astype(np.float32)
