"""One training window to its scalogram, and those of its copies: in noise, in rooms, at other pitches and times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator

from edge.types import F32, Scalogram, Window
from trainer.augment import (
    change_speed,
    in_room,
    mix,
    noise_of,
    room_response,
    shift_pitch,
    shift_time,
    training_rt60_s,
)
from trainer.config import AugmentConfig

__all__ = ["Background", "copies_of", "kinds_of"]

Background = Callable[[Generator], F32]
"""Another sound of the same length, unit power, (n_samples,)"""


def kinds_of(config: AugmentConfig) -> tuple[str, ...]:
    """The kind of every copy of a window, in their order; noisy twins of the autoencoder alone are `noisy`."""
    return (
        "clean",
        *("learnt noisy" if i < config.n_noisy_classify else "noisy" for i in range(config.n_noisy)),
        *("shift" for _ in config.shift_bands),
        *("speed" for _ in config.speeds),
        *("room" for _ in range(config.n_rooms)),
        *("time" for _ in range(config.n_times)),
        *("background" for _ in range(config.n_backgrounds)),
    )


def copies_of(
    window: Window,
    scalogram: Callable[[Window], Scalogram],
    config: AugmentConfig,
    rng: Generator,
    background: Background,
) -> list[Scalogram]:
    """Scalograms of a window and of its copies, in the order of `kinds_of`."""
    samples, rate_hz = window.samples, window.rate_hz

    def noisy() -> F32:
        noise = noise_of(str(rng.choice(config.noises)), len(samples), rate_hz, rng)
        return mix(samples, noise, float(rng.uniform(*config.snr_db)))

    def roomy() -> F32:
        return in_room(samples, room_response(training_rt60_s(rng), rate_hz, rng))

    def backed() -> F32:
        return mix(samples, background(rng), float(rng.uniform(*config.background_snr_db)))

    def of(sound: F32) -> Scalogram:
        return scalogram(replace(window, samples=sound))

    clean = scalogram(window)
    return [
        clean,
        *(of(noisy()) for _ in range(config.n_noisy)),
        *(shift_pitch(clean, n_bands) for n_bands in config.shift_bands),
        *(of(change_speed(samples, factor)) for factor in config.speeds),
        *(of(roomy()) for _ in range(config.n_rooms)),
        *(of(shift_time(samples, rng)) for _ in range(config.n_times)),
        *(of(backed()) for _ in range(config.n_backgrounds)),
    ]
