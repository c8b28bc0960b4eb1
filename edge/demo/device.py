"""The device under demonstration: the real daemon as a child process, fed as a pipe from a sound card feeds it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from edge.demo.broker import HOST
from edge.demo.noise import F64
from edge.errors import EdgeError

__all__ = ["NODE", "Device"]

NODE = "demo"
BLOCK_S = 0.1
END_S = 20.0


class Device:
    """A child process that runs `edge run`.

    Parameters
    ----------
    source : `-` for what `play` sends, `mic`, or a sound file
    folder : holds the configuration, the outbox and the log
    """

    def __init__(self, source: str, *, bundle: Path, port: int, folder: Path) -> None:
        config = folder / "edge.toml"
        lines = [f'node = "{NODE}"', f"bundle = {json.dumps(str(bundle.resolve()))}"]
        lines += [f"state_dir = {json.dumps(str(folder))}", "[mqtt]", f'host = "{HOST}"', f"port = {port}"]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._asked = False
        self._log = folder / "daemon.log"
        command = [sys.executable, "-m", "edge.cli", "run", *([] if source == "mic" else [source])]
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                [*command, "--config", str(config)],
                stdin=subprocess.PIPE if source == "-" else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def running(self) -> bool:
        """It has not ended yet."""
        return self._child.poll() is None

    def play(self, sounds: Iterable[F64], rate_hz: int, stop: threading.Event) -> None:
        """Send sounds (n_samples,) as s16le in real time, then close the pipe; `end` tells of a child that died."""
        pipe = self._child.stdin
        if pipe is None:
            raise EdgeError("demo: a device that reads a pipe wanted. Got one with a source of its own instead.")
        n_block = round(BLOCK_S * rate_hz)
        began_s = time.monotonic()
        sent = 0
        with suppress(BrokenPipeError), pipe:
            for sound in sounds:
                pcm = (np.clip(sound, -1, 1) * 32767).round().astype("<i2")
                for first in range(0, len(pcm), n_block):
                    block = pcm[first : first + n_block]
                    sent += len(block)
                    if stop.wait(max(0.0, began_s + sent / rate_hz - time.monotonic())):
                        return
                    pipe.write(block.tobytes())
                    pipe.flush()

    def stop(self) -> None:
        """Ask it to stop, once, as systemd would."""
        if self.running and not self._asked:
            self._asked = True
            self._child.terminate()

    def end(self) -> None:
        """Wait for its end; its failure becomes ours, with the end of its log."""
        try:
            code = self._child.wait(END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            code = self._child.wait()
        if code != 0 and not (self._asked and code == -signal.SIGTERM):  # it may not have been listening yet
            log = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise EdgeError("\n".join([f"demo: exit code 0 of the daemon wanted. Got {code} instead:", *log[-10:]]))
