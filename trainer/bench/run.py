"""The whole measurement, top to bottom: prepare, pin, rounds, growth, daemon, instructions, what follows from them."""

from __future__ import annotations

import logging
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from edge import __version__
from edge.bundle import Bundle, read_bundle
from edge.errors import ConfigError
from edge.types import F32
from trainer.bench.boards import estimate_boards
from trainer.bench.daemon import measure_daemon
from trainer.bench.growth import measure_batches, measure_sources
from trainer.bench.instructions import count_instructions
from trainer.bench.log_mel import RATE_HZ
from trainer.bench.machine import describe_machine
from trainer.bench.models import make_models
from trainer.bench.rounds import measure_stages, measure_variants, one_core
from trainer.bench.streams import BUSY, make_streams
from trainer.bench.targets import judge_targets
from trainer.bench.variants import UNGATED, WAYS, Prepared
from trainer.bench.yamnet import multiplies

__all__ = ["bench"]

log = logging.getLogger(__name__)


def bench(path: Path, *, n_rounds: int) -> dict[str, Any]:
    """All figures of the bundle in `path`.

    Raises
    ------
    BundleError : there is no sound bundle
    ConfigError : it does not listen at the rate of the networks beside it
    TrainerError : a process that was measured failed
    """
    bundle = read_bundle(path, golden=True)
    if bundle.rate_hz != RATE_HZ:
        raise ConfigError(f"bench: a bundle at {RATE_HZ} Hz, as YAMNet is, wanted. Got {bundle.rate_hz} Hz instead.")
    with tempfile.TemporaryDirectory(prefix="tympan-bench-") as name:
        prepared = Prepared(path.resolve(), Path(name))
        streams = make_streams(RATE_HZ)
        for stream, sound in streams.items():
            np.save(prepared.folder / f"{stream}.npy", sound)
        log.info("making the networks")
        models = make_models(streams[BUSY], prepared.folder)
        with one_core() as core:
            figures = timed(bundle, prepared, streams, n_rounds, core)
        # Counting takes minutes, and does not care how busy a core is.
        figures |= {"models": models, "instructions": count_instructions(prepared, bundle.window_s)}
    return figures | {"targets": judge_targets(figures), "boards": estimate_boards(figures)}


def timed(bundle: Bundle, prepared: Prepared, streams: dict[str, F32], n_rounds: int, core: int) -> dict[str, Any]:
    """Everything that takes time or memory, on one core."""
    busy = streams[BUSY]
    figures: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": __version__,
        "machine": describe_machine(core),
        "bundle": {
            "name": bundle.name,
            "id": bundle.id,
            "rate_hz": bundle.rate_hz,
            "window_s": bundle.window_s,
            "hop_s": bundle.hop_s,
            "bytes": sum(file.stat().st_size for file in bundle.path.iterdir()),
        },
        "ways": {way.name: way.what for way in WAYS},
        "full": UNGATED.name,
        "yamnet_multiplies": multiplies(),
        "n_rounds": n_rounds,
        "variants": measure_variants(prepared, streams, bundle.rate_hz, n_rounds),
        "stages_ms": measure_stages(bundle, busy, n_rounds),
        "batches": measure_batches(bundle, busy, n_rounds),
        "sources": measure_sources(bundle, busy, n_rounds),
    }
    log.info("daemon: starts, memory, slope")
    figures["daemon"] = measure_daemon(prepared.bundle, busy, bundle.rate_hz, prepared.folder)
    figures["machine"]["load_after"] = os.getloadavg()[0]
    return figures
