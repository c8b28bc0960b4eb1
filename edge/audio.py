"""Sound files to mono float32 at the bundle's rate, block by block; batch is the loop over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from edge.errors import AudioError
from edge.types import F32

__all__ = ["SUFFIXES", "blocks_of", "read_audio"]

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
"""What the data loaders look for; soundfile reads more."""

BLOCK_S = 1.0


def blocks_of(path: Path, *, rate_hz: int) -> Iterator[F32]:
    """Read a file as mono blocks (n_samples,) at `rate_hz`, full scale = ±1.

    Channels are averaged; the streaming resampler (soxr HQ) is the only one, so that a file gives
    the same samples in training, in `classify` and in the daemon.

    Raises
    ------
    AudioError : the file is missing, empty, not audio, or holds NaN or infinity
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames == 0:
                raise AudioError(f"{path}: sound wanted. Got an empty recording instead.")
            resampler = None
            if file.samplerate != rate_hz:
                resampler = soxr.ResampleStream(file.samplerate, rate_hz, 1, dtype="float32", quality="HQ")
            n_block = int(BLOCK_S * file.samplerate)
            n_read = 0
            while True:
                raw = file.read(n_block, dtype="float32", always_2d=True)
                n_read += len(raw)
                last = len(raw) < n_block
                if not np.isfinite(raw).all():
                    raise AudioError(f"{path}: finite samples wanted. Got NaN or infinity instead.")
                block = raw.mean(axis=1, dtype=np.float32)
                if resampler is not None:
                    block = resampler.resample_chunk(block, last=last)
                if len(block):
                    yield np.ascontiguousarray(block, dtype=np.float32)
                if last:
                    break
            if n_read == 0:
                raise AudioError(f"{path}: sound wanted. Got no samples instead.")
    except soundfile.LibsndfileError as error:
        reason = "no such file" if not Path(path).exists() else error.error_string
        raise AudioError(f"{path}: a sound file wanted (wav, flac, ogg, mp3). Got: {reason}") from error


def read_audio(path: Path, *, rate_hz: int) -> F32:
    """The whole file as (n_samples,) at `rate_hz`, mono, full scale = ±1."""
    return np.concatenate(list(blocks_of(path, rate_hz=rate_hz)))
