"""The capture process of one microphone: PortAudio to a pipe, nothing else.

A process of its own, because PortAudio lists new devices only after terminate and initialise,
which would end every other stream. It writes one line of JSON, then blocks:

    {"device": "...", "rate_hz": 48000}          or {"error": "DeviceNotFound", "message": "..."}
    <u32 n_samples> <u32 n_lost> <n_samples float32, mono, at the wanted rate> ...

`n_lost` counts samples (at the wanted rate) lost before the block. The process ends when its
parent does, and when PortAudio says that the stream is finished.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from typing import Any, BinaryIO

import numpy as np
import sounddevice
import soxr

from edge.daemon.blocks import HEADER
from edge.daemon.devices import Device, find_device, list_devices
from edge.errors import AudioError
from edge.types import F32

__all__ = ["Slots", "main"]

BLOCK_S = 0.1
SLOTS_S = 2.0
"""Sound that waits in this process while the parent does not read"""
POLL_S = 0.5


class Slots:
    """Blocks that the audio callback fills and the main thread empties; allocated once.

    The callback copies and sets an event: no logging, no allocation, no exception.
    """

    def __init__(self, n_slots: int, n_frames: int, channels: int) -> None:
        self._frames = np.zeros((n_slots, n_frames, channels), dtype=np.float32)
        self._written = 0
        self._read = 0
        self.overflows = 0
        """Blocks before which PortAudio reported lost input"""
        self.filled = threading.Event()

    def callback(self, indata: F32, frames: int, _time: object, status: sounddevice.CallbackFlags) -> None:
        """Called by PortAudio in its own thread with (frames, channels)."""
        self._frames[self._written % len(self._frames), :frames] = indata
        self._written += 1
        if status.input_overflow:
            self.overflows += 1
        self.filled.set()

    def take(self) -> tuple[F32, int] | None:
        """The oldest block (frames, channels) still there and the number of blocks overwritten before it."""
        behind = self._written - self._read
        if behind == 0:
            return None
        # The slot next to be written may be half overwritten: a reader that is so far behind skips it.
        lost = max(0, behind - (len(self._frames) - 1))
        self._read += lost
        block = self._frames[self._read % len(self._frames)].copy()
        self._read += 1
        return block, lost


def main(argv: list[str] | None = None) -> int:
    """Open the device, say so, copy blocks until the end."""
    parser = argparse.ArgumentParser(prog="edge-capture")
    parser.add_argument("--device")
    parser.add_argument("--rate", type=int, required=True)
    args = parser.parse_args(argv)
    pipe = sys.stdout.buffer
    try:
        device = find_device(args.device, list_devices())
        _capture(device, args.rate, pipe)
    except (AudioError, sounddevice.PortAudioError) as error:
        _say(pipe, {"error": type(error).__name__, "message": str(error)})
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), pipe.fileno())  # or Python complains once more while it ends
        return 0
    return AudioError.exit_code  # the device could not be opened, or went away: a microphone has no end of its own


def _capture(device: Device, rate_hz: int, pipe: BinaryIO) -> None:
    channels, device_rate = _format(device, rate_hz)
    n_frames = round(BLOCK_S * device_rate)
    slots = Slots(round(SLOTS_S / BLOCK_S), n_frames, channels)
    resampler = None
    if device_rate != rate_hz:
        resampler = soxr.ResampleStream(device_rate, rate_hz, 1, dtype="float32", quality="HQ")
    stream = sounddevice.InputStream(
        samplerate=device_rate,
        blocksize=n_frames,
        device=device.index,
        channels=channels,
        dtype="float32",
        latency="high",
        callback=slots.callback,
        finished_callback=slots.filled.set,
    )
    parent = os.getppid()
    with stream:
        _say(pipe, {"device": device.name, "rate_hz": device_rate})
        overflows = 0
        while stream.active and os.getppid() == parent:
            slots.filled.wait(POLL_S)
            slots.filled.clear()
            while (taken := slots.take()) is not None:
                block, lost = taken
                lost += slots.overflows - overflows  # PortAudio does not say how much: one block each
                overflows = slots.overflows
                mono = block.mean(axis=1, dtype=np.float32)
                if resampler is not None:
                    mono = resampler.resample_chunk(mono)
                pipe.write(HEADER.pack(len(mono), round(lost * BLOCK_S * rate_hz)))
                pipe.write(mono.astype("<f4").tobytes())
                pipe.flush()


def _format(device: Device, rate_hz: int) -> tuple[int, int]:
    """Channels and rate to open at: mono at the wanted rate if the device can, else its own."""
    for channels in (1, device.channels):
        for rate in (rate_hz, round(device.rate_hz)):
            try:
                sounddevice.check_input_settings(device.index, channels, "float32", samplerate=rate)
            except sounddevice.PortAudioError:
                continue
            return channels, rate
    raise AudioError(f"audio: {device.name!r} was to open at {rate_hz} Hz or its own rate. Got a refusal of both.")


def _say(pipe: BinaryIO, line: dict[str, Any]) -> None:
    pipe.write(json.dumps(line).encode() + b"\n")
    pipe.flush()


if __name__ == "__main__":
    sys.exit(main())
