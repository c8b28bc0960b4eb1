"""Where sound comes from: a capture thread for each source, filling its ring.

A microphone lives in a child process (see `capture_child`). PortAudio raises nothing when a device
vanishes, callbacks just stop: so the time since the last block is watched, and the device is
reopened for ever, with backoff.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from edge.config import SourceConfig
from edge.daemon.backoff import Backoff
from edge.daemon.blocks import HEADER
from edge.daemon.ring import Ring
from edge.errors import AudioError, CaptureDied, DeviceNotFound
from edge.types import F32

__all__ = ["Capture", "Microphone"]

log = logging.getLogger(__name__)

OPEN_S = 20.0
"""For the child to start and open the device"""


class Capture(Protocol):
    """One source of sound."""

    patient: bool
    """Waits for inference (a file, a pipe) instead of losing sound"""

    def open(self) -> None:
        """First opening; raises AudioError."""

    def run(self, ring: Ring, stop: threading.Event) -> None:
        """The thread's work: fill the ring until the source ends, or until told to stop."""


class Microphone:
    """A capture device, reopened for as long as it takes."""

    patient = False

    def __init__(
        self,
        config: SourceConfig,
        *,
        rate_hz: int,
        stall_s: float,
        on_available: Callable[[bool], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._config = config
        self._rate_hz = rate_hz
        self._stall_s = stall_s
        self._on_available = on_available
        self._backoff = backoff or Backoff(max_s=30.0)
        self._child: _Child | None = None

    def open(self) -> None:
        """Start the child; a device that is not there is an error now, and an outage later."""
        self._opened()

    def run(self, ring: Ring, stop: threading.Event) -> None:
        """Copy blocks; when they stop, close, wait, reopen."""
        last_s = time.monotonic()
        while not stop.is_set():
            try:
                child = self._child or self._opened()
                while not stop.is_set():
                    block, lost = child.read(self._stall_s, stop)
                    if lost:
                        ring.skip(lost)
                    ring.write(block, time.time())
                    last_s = time.monotonic()
                    self._backoff.reset()
            except AudioError as error:
                self._close()
                if stop.is_set():
                    break
                wait_s = self._backoff.wait_s()
                log.warning("%s: %s; opening again in %.1f s", self._config.slug, error, wait_s)
                self._on_available(False)  # noqa: FBT003 - what it says
                stop.wait(wait_s)
                now_s = time.monotonic()
                ring.skip(round((now_s - last_s) * self._rate_hz))
                last_s = now_s
        self._close()

    def _opened(self) -> _Child:
        child = self._child = _Child(self._config.device, self._rate_hz)
        log.info("%s: capturing from %s", self._config.slug, child.opened)
        self._on_available(True)  # noqa: FBT003 - what it says
        return child

    def _close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


class _Child:
    """The capture process and our end of its pipe."""

    def __init__(self, device: str | None, rate_hz: int) -> None:
        command = [sys.executable, "-m", "edge.daemon.capture_child", "--rate", str(rate_hz)]
        if device is not None:
            command += ["--device", device]
        self._fd, write_fd = os.pipe()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=write_fd)  # noqa: S603 - our own module
        os.close(write_fd)
        os.set_blocking(self._fd, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._fd, selectors.EVENT_READ)
        self._buffer = bytearray()
        try:
            self.opened: dict[str, Any] = json.loads(self._line())
            if "error" in self.opened:
                kind = DeviceNotFound if self.opened["error"] == DeviceNotFound.__name__ else AudioError
                raise kind(self.opened["message"])
        except AudioError:
            self.close()
            raise

    def read(self, stall_s: float, stop: threading.Event) -> tuple[F32, int]:
        """The next block (n,), and the samples lost before it."""
        deadline = time.monotonic() + stall_s
        n_samples, n_lost = HEADER.unpack(self._take(HEADER.size, deadline, stop))
        block = np.frombuffer(self._take(4 * n_samples, deadline, stop), dtype="<f4").astype(np.float32)
        return block, n_lost

    def close(self) -> None:
        """End the process, whatever it does."""
        self._selector.close()
        self._process.kill()
        self._process.wait()
        os.close(self._fd)

    def _line(self) -> bytes:
        deadline = time.monotonic() + OPEN_S
        while (end := self._buffer.find(b"\n")) < 0:
            self._more(deadline)
        return self._cut(end + 1)

    def _take(self, n_bytes: int, deadline: float, stop: threading.Event) -> bytes:
        while len(self._buffer) < n_bytes:
            if stop.is_set():
                raise CaptureDied("audio: a block wanted. Got the end of the daemon instead.")
            self._more(deadline)
        return self._cut(n_bytes)

    def _cut(self, n_bytes: int) -> bytes:
        taken = bytes(self._buffer[:n_bytes])
        del self._buffer[:n_bytes]
        return taken

    def _more(self, deadline: float) -> None:
        """Wait for bytes, at most a quarter of a second at a time so that a stop is seen."""
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise CaptureDied("audio: a block from the device wanted. Got none in time.")
        if self._selector.select(min(left_s, 0.25)):
            data = os.read(self._fd, 1 << 16)
            if not data:
                raise CaptureDied(f"audio: a running capture wanted. Got its end, status {self._process.wait()}.")
            self._buffer += data
