"""Window after window of one source: columns that the window before has shown are not computed again.

Every frame of the scalogram looks a little beyond itself. Frames near an end of the window see zeros
there, so that a verdict depends on nothing outside its window; those are computed anew. The others are
the same in both windows, but for rounding, and move.

    window before   |edge|-------------------------|edge|
    this window           |edge|==== moved ========|-- new --|edge|

What is computed is one short stretch of sound: the end of the window, with as much before it as its
frames look back, then silence, then the beginning of the window.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.framing import n_moved
from edge.glance import Watch
from edge.pipeline import Pipeline
from edge.stages.scalogram import PAD_S, MorletScalogram
from edge.types import F32, Scalogram, Verdict, Window

__all__ = ["MAX_HELD_S", "Columns", "Incremental"]

MAX_HELD_S = 30.0
"""Longest time that a verdict is held without another look by the whole path"""


class Incremental:
    """The pipeline for the windows of one source, in their order; the same verdicts within the bundle's tolerance.

    It only caches: a window that does not go on from the one before is computed as a whole. With `glance`,
    a window that shows nothing new gets the verdict of the last one that was judged, for at most MAX_HELD_S.
    """

    def __init__(self, pipeline: Pipeline, *, glance: bool = False) -> None:
        self.pipeline = pipeline
        self.n_held = 0
        """Windows that got the verdict of one before"""
        self._columns = Columns(pipeline.scalogram)
        rate_hz, floor_db = pipeline.scalogram.rate_hz, pipeline.enhance.floor_db
        self._watch = Watch(rate_hz=rate_hz, floor_db=floor_db) if glance else None
        self._judged: Verdict | None = None

    def __call__(self, window: Window, /) -> Verdict:
        """Judge the next window."""
        level = self.pipeline.gate(window)
        if level.reason is not None:
            self._judged = None
            return self.pipeline.gated(window, level)
        unchanged = self._watch is not None and self._watch(window)
        last = self._judged
        if unchanged and last is not None and window.start_s - last.start_s <= MAX_HELD_S:
            self.n_held += 1
            return replace(last, start_s=window.start_s, rms_dbfs=level.rms_dbfs, clipped=level.clipped)
        if self._watch is not None:
            self._watch.judged()
        verdict = self.pipeline.verdict(self.pipeline.from_scalogram(window, self._columns(window)), level)
        self._judged = verdict
        return verdict


class Columns:
    """The scalogram with the columns of the window before."""

    def __init__(self, scalogram: MorletScalogram) -> None:
        self._whole = scalogram
        self._n_hop = round(scalogram.rate_hz * scalogram.hop_s)
        self._stretch = scalogram
        """The transform of a stretch: that of the last number of new frames"""
        self._before: tuple[Window, F32] | None = None

    def __call__(self, window: Window, /) -> Scalogram:
        """Transform the samples (n_samples,)."""
        n_new = self._new_frames(window)
        if self._before is None or n_new is None:
            level_db = self._whole(window).level_db
        else:
            level_db = self._moved(self._before[1], window, n_new)
        self._before = window, level_db
        return Scalogram(level_db=level_db, peak_db=float(level_db.max()))

    def _new_frames(self, window: Window) -> int | None:
        """By how many frames the window has moved on; None if it does not go on, or so far that nothing is saved."""
        n_samples = None if self._before is None else n_moved(self._before[0], window)
        if n_samples is None or n_samples % self._n_hop:
            return None
        n_new = n_samples // self._n_hop
        return n_new if self._n_stretch(n_new) < self._whole.n_frames else None

    def _n_stretch(self, n_new: int) -> int:
        return n_new + 4 * self._whole.n_edge_frames + self._n_gap

    @property
    def _n_gap(self) -> int:
        return int(np.ceil(PAD_S / self._whole.hop_s))

    def _moved(self, level_db: F32, window: Window, n_new: int) -> F32:
        """Levels (n_bands, n_frames) from those of the window before and a stretch of this one."""
        n_edge, n_hop = self._whole.n_edge_frames, self._n_hop
        n_stretch = self._n_stretch(n_new)
        if self._stretch.n_frames != n_stretch:
            self._stretch = replace(self._whole, window_s=n_stretch * self._whole.hop_s)
        n_tail, n_head = n_new + 2 * n_edge, 2 * n_edge
        samples = np.zeros(n_stretch * n_hop, dtype=np.float32)
        samples[: n_tail * n_hop] = window.samples[-n_tail * n_hop :]
        samples[-n_head * n_hop :] = window.samples[: n_head * n_hop]
        found = self._stretch(Window(samples, window.rate_hz, window.start_s)).level_db
        head, kept, tail = found[:, -n_head:-n_edge], level_db[:, n_new + n_edge : -n_edge], found[:, n_edge:n_tail]
        return np.concatenate([head, kept, tail], axis=1)
