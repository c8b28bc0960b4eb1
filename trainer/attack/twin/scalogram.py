"""Both roads of `edge.stages.scalogram`, for a batch of windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from edge.stages import scalogram as deployed
from edge.stages.scalogram import MorletScalogram
from trainer.attack.twin.soft import straight_through

__all__ = ["scalogram"]

TEN_OVER_LN10 = 10.0 / np.log(10.0)
WEAKEST = 1e-10
"""Power of the weakest cell whose gradient counts: that of a logarithm has no bound"""


def scalogram(stage: MorletScalogram, samples: Any) -> Any:
    """Samples (n, n_samples) to levels (n, n_bands, n_frames), dB re a full-scale sine."""
    n_hop = round(stage.rate_hz * stage.hop_s)
    before = 3 * n_hop // 2
    n_padded = stage.n_samples + round(deployed.PAD_S * stage.rate_hz)
    padded = tf.pad(samples, [[0, 0], [before, n_padded - before - stage.n_samples]])
    roads = [low_power(stage, padded)] if stage._low else []
    power = tf.concat([*roads, high_power(stage, padded)], axis=1)
    exact = TEN_OVER_LN10 * tf.math.log(tf.maximum(power, deployed.SILENT_POWER))
    return straight_through(exact, TEN_OVER_LN10 * tf.math.log(power + WEAKEST))


def low_power(stage: MorletScalogram, padded: Any) -> Any:
    """(n, n_low, n_frames) by inverse FFTs of cropped spectra."""
    decimated = decimate(stage, padded)
    n_decimated = int(decimated.shape[1])
    spectrum = tf.signal.rfft(decimated)
    pooled = []
    for group in stage._low:
        n_bands, n_bins = group.spectrum.shape
        weights = tf.constant(group.spectrum * (n_bins / n_decimated), tf.complex64)
        wavelet = tf.signal.ifft(spectrum[:, None, :n_bins] * weights)
        squared = tf.math.real(wavelet) ** 2 + tf.math.imag(wavelet) ** 2
        hops = tf.reshape(squared, (-1, n_bands, n_bins // len(group.rise), len(group.rise)))
        rise = tf.linalg.matvec(hops[:, :, 1 : stage.n_frames + 1], tf.constant(group.rise))
        fall = tf.linalg.matvec(hops[:, :, 2 : stage.n_frames + 2], tf.constant(group.fall))
        pooled.append(rise + fall)
    return tf.concat(pooled, axis=1)


def decimate(stage: MorletScalogram, padded: Any) -> Any:
    """(n, n_samples) to (n, n_samples // factor): blocks of samples under blocks of taps; shifted, they add up."""
    n_blocks, factor = stage._decimation.shape
    if factor == 1:
        return padded
    n_out = int(padded.shape[1]) // factor
    blocks = tf.reshape(padded[:, : n_out * factor], (-1, n_out, factor))
    around = tf.pad(blocks, [[0, 0], [n_blocks // 2, n_blocks - 1 - n_blocks // 2], [0, 0]])
    parts = tf.linalg.matmul(around, tf.constant(stage._decimation), transpose_b=True)
    return tf.add_n([parts[:, i : i + n_out, i] for i in range(n_blocks)])


def high_power(stage: MorletScalogram, padded: Any) -> Any:
    """(n, n_high, n_frames) by power spectra of frames."""
    n_frame = len(stage._hann)
    n_hop = n_frame // 2
    hops = tf.reshape(padded[:, n_hop : n_hop * (stage.n_frames + 2)], (-1, stage.n_frames + 1, n_hop))
    frames = tf.concat([hops[:, :-1], hops[:, 1:]], axis=2) * tf.constant(stage._hann)
    spectrum = tf.signal.rfft(frames)
    power = tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2
    return tf.transpose(tf.linalg.matmul(power, tf.constant(stage._high)), (0, 2, 1))
