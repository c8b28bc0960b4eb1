"""Blocks of any size to windows, one a hop: the only state before inference.

A window is emitted when its last sample has arrived, so the first verdict of a stream comes after
one window (warm-up), then one a hop. Batch is the loop over this: `windows_of` feeds one block and
flushes. A stream that ends before its first window is full is padded with zeros to one window, and
a tail shorter than a hop is not judged again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge.errors import StageError
from edge.types import F32, Window

__all__ = ["Framer", "n_moved", "windows_of"]


class Framer:
    """Cuts a stream of mono blocks into overlapping windows.

    Parameters
    ----------
    rate_hz : sample rate of the blocks, hertz
    window_s, hop_s : lengths in seconds, 0 < hop_s <= window_s
    start_s : seconds on the capture clock of the first sample
    """

    def __init__(self, *, rate_hz: int, window_s: float, hop_s: float, start_s: float = 0.0) -> None:
        self.rate_hz = rate_hz
        self.n_window = round(window_s * rate_hz)
        self.n_hop = round(hop_s * rate_hz)
        if not 0 < self.n_hop <= self.n_window:
            raise StageError("framing", wanted="0 < hop_s <= window_s", got=f"{hop_s} and {window_s}")
        self._start_s = start_s
        self._buffer = np.empty(0, dtype=np.float32)
        self._first = 0
        self._emitted = 0

    def push(self, block: F32) -> Iterator[Window]:
        """Take the next samples (n,), give every window that they complete."""
        if block.ndim != 1:
            raise StageError("framing", wanted="a mono block (n_samples,)", got=block.shape)
        self._buffer = np.concatenate([self._buffer, block.astype(np.float32, copy=False)])
        while len(self._buffer) >= self.n_window:
            yield self._window(self._buffer[: self.n_window].copy())
            self._buffer = self._buffer[self.n_hop :]
            self._first += self.n_hop

    def flush(self) -> Iterator[Window]:
        """End of the stream: pad it to one window if it never filled one."""
        if self._emitted == 0 and len(self._buffer) > 0:
            yield self._window(np.pad(self._buffer, (0, self.n_window - len(self._buffer))))

    def _window(self, samples: F32) -> Window:
        self._emitted += 1
        samples.flags.writeable = False
        return Window(samples=samples, rate_hz=self.rate_hz, start_s=self._start_s + self._first / self.rate_hz)


def windows_of(samples: F32, *, rate_hz: int, window_s: float, hop_s: float) -> Iterator[Window]:
    """All windows of a finished recording (n_samples,): the loop over the stream."""
    framer = Framer(rate_hz=rate_hz, window_s=window_s, hop_s=hop_s)
    yield from framer.push(samples)
    yield from framer.flush()


def n_moved(before: Window | None, window: Window) -> int | None:
    """By how many samples a window goes on from the one before it; None if it is not the same sound that goes on."""
    if before is None or window.samples.shape != before.samples.shape or window.rate_hz != before.rate_hz:
        return None
    n_new = round((window.start_s - before.start_s) * window.rate_hz)
    if not 0 < n_new < len(window.samples):
        return None
    return n_new if np.array_equal(window.samples[:-n_new], before.samples[n_new:]) else None
