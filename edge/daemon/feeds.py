"""Sound that is not a microphone: a file, in real time or as fast as it goes, and raw PCM on a pipe."""

from __future__ import annotations

import os
import select
import threading
import time
from pathlib import Path

import numpy as np
import soxr

from edge.audio import blocks_of
from edge.daemon.ring import Ring
from edge.errors import AudioError
from edge.types import F32

__all__ = ["FileFeed", "PcmFeed"]

REALTIME_BLOCK_S = 0.1
PCM_BLOCK_BYTES = 8192
POLL_S = 0.25
"""Between two looks at whether the daemon stops"""


class FileFeed:
    """A sound file. In real time it behaves as a microphone does; fast, it waits for inference."""

    def __init__(self, path: Path, *, rate_hz: int, fast: bool) -> None:
        self._path = path
        self._rate_hz = rate_hz
        self.patient = fast

    def open(self) -> None:
        """The file must be one: its first block is read once now."""
        next(blocks_of(self._path, rate_hz=self._rate_hz), None)

    def run(self, ring: Ring, stop: threading.Event) -> None:
        """Fill the ring to the end of the file, and close it."""
        began_wall_s, began_s = time.time(), time.monotonic()
        position = 0
        n_block = round(REALTIME_BLOCK_S * self._rate_hz)
        try:
            for large in blocks_of(self._path, rate_hz=self._rate_hz):
                for first in range(0, len(large), n_block):
                    block = large[first : first + n_block]
                    position += len(block)
                    at_s = position / self._rate_hz
                    if not self.patient:
                        stop.wait(max(0.0, began_s + at_s - time.monotonic()))
                    if stop.is_set():
                        return
                    ring.write(block, began_wall_s + at_s)
            ring.close(whole=True)
        finally:
            ring.close()


class PcmFeed:
    """Raw mono s16le at a given rate from a pipe, as `arecord -f S16_LE -c 1 -t raw` writes it."""

    patient = True

    def __init__(self, fd: int, *, pcm_rate_hz: int, rate_hz: int) -> None:
        self._fd = fd
        self._resampler = None
        if pcm_rate_hz != rate_hz:
            self._resampler = soxr.ResampleStream(pcm_rate_hz, rate_hz, 1, dtype="float32", quality="HQ")

    def open(self) -> None:
        """A pipe is open already."""

    def run(self, ring: Ring, stop: threading.Event) -> None:
        """Fill the ring until the writer closes the pipe."""
        odd = b""
        n_bytes = 0
        try:
            while not stop.is_set():
                if not select.select([self._fd], [], [], POLL_S)[0]:
                    continue
                data = os.read(self._fd, PCM_BLOCK_BYTES)
                n_bytes += len(data)
                pcm = odd + data
                n_whole = len(pcm) // 2 * 2
                odd = pcm[n_whole:]
                block = self._float(pcm[:n_whole], last=not data)
                if len(block):
                    ring.write(block, time.time())
                if not data:
                    ring.close(whole=True)
                    break
        finally:
            ring.close()
        if n_bytes == 0 and not stop.is_set():
            raise AudioError("stdin: raw PCM (s16le, mono) wanted. Got no bytes.")

    def _float(self, pcm: bytes, *, last: bool) -> F32:
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)
        if self._resampler is not None:
            samples = np.asarray(self._resampler.resample_chunk(samples, last=last), dtype=np.float32)
        return samples
