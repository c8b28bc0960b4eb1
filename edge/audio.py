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
UNKNOWN_SIZE = 0x7FFFFFFF
OGG_PAGE_MAX = 65307
"""Bytes; the last page of an Ogg stream begins no farther from the end"""
OGG_HEADER = 27
"""Bytes before a page's segment table, the last of them its length"""
OGG_FLAGS, OGG_END = 5, 0x04
"""Place of a page's flags, and the one that ends a stream"""


def blocks_of(path: Path, *, rate_hz: int) -> Iterator[F32]:
    """Read a file as mono blocks (n_samples,) at `rate_hz`, full scale = ±1.

    Channels are averaged; the streaming resampler (soxr HQ) is the only one, so that a file gives
    the same samples in training, in `classify` and in the daemon.

    Raises
    ------
    AudioError : the file is missing, empty, cut, not audio, or holds NaN or infinity
    """
    try:
        _refuse_cut(Path(path))
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


def _refuse_cut(path: Path) -> None:
    """Refuse a WAV or Ogg file that ends early; libsndfile reads what is left of it without a word.

    A cut FLAC is an error of the decoder. An MP3 does not say how long it is.
    """
    if not path.is_file():
        return
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(max(0, n_bytes - OGG_PAGE_MAX))
        tail = file.read()
    if head[:4] == b"RIFF" and len(head) == len(b"RIFFsize"):
        wanted = int.from_bytes(head[4:], "little") + len(head)
        # Writers into a pipe cannot know the size and put the largest there is.
        if n_bytes < wanted < UNKNOWN_SIZE:
            raise AudioError(f"{path}: a whole recording of {wanted} bytes wanted. Got {n_bytes} instead.")
    elif head[:4] == b"OggS" and not _ends_with_page(tail):
        raise AudioError(f"{path}: a whole recording wanted. Got one without its end instead.")


def _ends_with_page(tail: bytes) -> bool:
    """Whether the last Ogg page in these bytes ends the stream and is whole (RFC 3533, section 6)."""
    page = tail[max(tail.rfind(b"OggS"), 0) :]
    if len(page) < OGG_HEADER or not page[OGG_FLAGS] & OGG_END:
        return False
    n_segments = page[OGG_HEADER - 1]
    segments = page[OGG_HEADER : OGG_HEADER + n_segments]
    return len(page) >= OGG_HEADER + n_segments + sum(segments)


def read_audio(path: Path, *, rate_hz: int) -> F32:
    """The whole file as (n_samples,) at `rate_hz`, mono, full scale = ±1."""
    return np.concatenate(list(blocks_of(path, rate_hz=rate_hz)))
