"""ARM64 instructions a second of sound, of the systems that `trainer bench` counts on x86, in the same lengths.

They are those of one processor: XNNPACK chooses its kernels by it, and the networks' counts differ by far more than
ours between a Cortex-A53 and a Cortex-A72 (`--cpu`). So a ratio to YAMNet says nothing without the processor's name.
"""

from __future__ import annotations

import hashlib
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import trainer.bench
from deploy.arm64.guest import Guest
from deploy.arm64.kept import kept
from edge.bundle import read_bundle
from trainer.bench.instructions import hops_of
from trainer.bench.log_mel import RATE_HZ
from trainer.bench.models import make_models
from trainer.bench.streams import BUSY, make_streams
from trainer.bench.summary import slope
from trainer.bench.variants import HOPS_S, PATCH_HOPS_S, UNGATED, VARIANTS, WAYS, variant_name

__all__ = ["DAEMON", "count_instructions"]

log = logging.getLogger(__name__)

DAEMON = "daemon"
DAEMON_S = (20, 50)
"""Lengths of the two files"""
YAMNET = variant_name("yamnet_f32", PATCH_HOPS_S[0])
HOW = (
    "qemu-aarch64 with QEMU's counter of executed blocks (tests/plugin/bb.c) over one process of two lengths, and the "
    "slope between them: start, imports and the first window cancel"
)


def count_instructions(guest: Guest, plugin: Path, bundle: Path, cache: Path) -> dict[str, Any]:
    """By system, and the whole pipeline's share of YAMNet in float32."""
    window_s = read_bundle(bundle).window_s
    folder = prepare(cache)
    per_s = {}
    for variant in VARIANTS:
        if variant.counted:
            log.info("counting %s", variant.name)
            child = ["-m", "trainer.bench.child", str(bundle), str(folder), variant.name]
            counted = [
                (hops * variant.hop_s, float(guest.count(*child, str(hops), plugin=plugin)))
                for hops in hops_of(variant, window_s)
            ]
            per_s[variant.name] = slope(*counted)
    per_s[DAEMON] = count_daemon(guest, plugin, bundle, cache)
    against = {way.name: per_s[variant_name(way.name, HOPS_S[0])] / per_s[YAMNET] for way in WAYS}
    return {"how": HOW, "per_s": per_s, "against": YAMNET, "ratio": against, "full": UNGATED.name, "holds": True}


def prepare(cache: Path) -> Path:
    """The streams, and the networks with random weights; TensorFlow makes them here, it has no place on a device."""

    def build(folder: Path) -> None:
        streams = make_streams(RATE_HZ)
        for name, sound in streams.items():
            np.save(folder / f"{name}.npy", sound)
        make_models(streams[BUSY], folder)

    sources = sorted(Path(trainer.bench.__file__).parent.glob("*.py"))
    made_from = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return kept(cache / "networks", f"{made_from} TensorFlow {version('tensorflow')}", build)


def count_daemon(guest: Guest, plugin: Path, bundle: Path, cache: Path) -> float:
    """The same pipeline within its daemon: `edge run FILE --fast --stdout`, every window judged."""
    log.info("counting the daemon")
    busy = make_streams(RATE_HZ)[BUSY]
    counted = []
    for seconds in DAEMON_S:
        sound = cache / f"busy-{seconds}.wav"
        soundfile.write(sound, busy[: seconds * RATE_HZ], RATE_HZ, subtype="PCM_16")
        command = ["-m", "edge.cli", "run", str(sound), "--bundle", str(bundle), "--fast", "--stdout", "--gate", "off"]
        counted.append((float(seconds), float(guest.count(*command, plugin=plugin))))
    return slope(counted[0], counted[1])
