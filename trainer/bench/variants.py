"""The table of what is measured: ways to run the bundle, and the systems beside it.

A new way to run the pipeline is one line in `WAYS`: it is then timed at both hops, on both streams, in batches, and,
where it is the last of its kind, against the targets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edge.bundle import read_bundle
from edge.framing import Framer
from edge.incremental import Incremental
from edge.pipeline import Pipeline
from edge.types import F32, Verdict, Window
from trainer.bench.log_mel import LogMelStream
from trainer.bench.network import PatchStream
from trainer.bench.streams import BACKGROUND, BUSY

__all__ = [
    "FRONT_END",
    "GATED",
    "HOPS_S",
    "PATCH_HOPS_S",
    "UNGATED",
    "VARIANTS",
    "WAYS",
    "Judge",
    "Prepared",
    "Variant",
    "VerdictStream",
    "Way",
    "variant_name",
]

Judge = Callable[[Window], Verdict]
Runner = Callable[[F32], object]
"""Takes the samples (n_samples,) of the next hop"""
HOPS_S = (1.0, 0.5)
PATCH_HOPS_S = (0.96, 0.48)
FRONT_END = "log_mel"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run the pipeline over a source; `make` gives it afresh, for one source."""

    name: str
    what: str
    make: Callable[[Pipeline], Judge]
    gated: bool = False


WAYS = (
    Way("plain", "every window computed anew", lambda pipeline: pipeline),
    Way("incremental", "columns that the window before has shown are kept", Incremental),
    Way("gated", "windows that show nothing new are not judged again", partial(Incremental, glance=True), gated=True),
)
UNGATED = [way for way in WAYS if not way.gated][-1]
"""What the targets call the full pipeline"""
GATED = next((way for way in reversed(WAYS) if way.gated), None)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Where a variant finds what it runs; every process reads it anew."""

    bundle: Path
    folder: Path
    """Models and streams"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the figures: a system that takes the stream hop by hop."""

    system: str
    """A way's name, or a model's"""
    hop_s: float
    make: Callable[[Prepared], Runner] = field(repr=False)
    stream: str = BUSY
    counted: bool = False
    """Its instructions are counted, too"""

    @property
    def name(self) -> str:
        """`plain 1 s`, `gated 1 s, background`."""
        return variant_name(self.system, self.hop_s, self.stream)


def variant_name(system: str, hop_s: float, stream: str = BUSY) -> str:
    """Key of a row of the figures."""
    return f"{system} {hop_s:g} s" + (f", {stream}" if stream != BUSY else "")


class VerdictStream:
    """Framing and one way to judge: what the daemon does with a source."""

    def __init__(self, judge: Judge, *, rate_hz: int, window_s: float, hop_s: float) -> None:
        self._judge = judge
        self._framer = Framer(rate_hz=rate_hz, window_s=window_s, hop_s=hop_s)

    def __call__(self, block: F32, /) -> list[Verdict]:
        """The verdicts that the next samples (n_samples,) complete."""
        return [self._judge(window) for window in self._framer.push(block)]


def ours(way: Way, hop_s: float, stream: str = BUSY, *, counted: bool = False) -> Variant:
    """The bundle, run in one way."""

    def make(prepared: Prepared) -> Runner:
        bundle = read_bundle(prepared.bundle)
        judge = way.make(bundle.pipeline)
        return VerdictStream(judge, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=hop_s)

    return Variant(way.name, hop_s, make, stream, counted=counted)


def network(name: str, hop_s: float, *, counted: bool = False) -> Variant:
    """A network behind the log-mel front end."""
    return Variant(name, hop_s, lambda prepared: PatchStream(prepared.folder / f"{name}.tflite"), counted=counted)


VARIANTS = (
    *(ours(way, HOPS_S[0], counted=True) for way in WAYS),
    network("yamnet_f32", PATCH_HOPS_S[0], counted=True),
    network("yamnet_int8", PATCH_HOPS_S[0], counted=True),
    network("mobilenet_v2", PATCH_HOPS_S[0]),
    *(ours(way, HOPS_S[1]) for way in WAYS),
    network("yamnet_f32", PATCH_HOPS_S[1]),
    network("yamnet_int8", PATCH_HOPS_S[1]),
    network("mobilenet_v2", PATCH_HOPS_S[1]),
    *(ours(way, HOPS_S[0], BACKGROUND, counted=way.gated) for way in WAYS),
    Variant(FRONT_END, PATCH_HOPS_S[0], lambda _: LogMelStream(), counted=True),
)
"""In the order of a round"""
