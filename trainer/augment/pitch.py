"""Other pitches: of the image alone, or of the sound with its speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr

from edge.types import F32, Scalogram

__all__ = ["change_speed", "shift_pitch"]


def shift_pitch(scalogram: Scalogram, n_bands: int) -> Scalogram:
    """Move the levels (n_bands, n_frames) up by some bands, down if negative; what comes in is silent.

    Bands are log-spaced, so this is what a change of pitch without a change of time does to the image.
    """
    level = np.roll(scalogram.level_db, n_bands, axis=0)
    level[slice(None, n_bands) if n_bands > 0 else slice(n_bands, None)] = scalogram.level_db.min()
    return replace(scalogram, level_db=level)


def change_speed(samples: F32, factor: float) -> F32:
    """Play the samples (n_samples,) `factor` times as fast, pitch and all, as the paper does (section V).

    The result has n_samples too: what is missing at the end of a faster one is the sound from its beginning.
    """
    played = soxr.resample(samples, factor, 1.0).astype(np.float32, copy=False)
    looped: F32 = np.resize(played, len(samples))
    return looped
