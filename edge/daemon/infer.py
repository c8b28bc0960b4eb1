"""The inference thread: ring → framing → pipeline → hop, for every source in turn.

One thread, because the autoencoder's interpreter serves one caller at a time. A live source that
falls behind skips to its newest window, so latency is bounded; a patient one (file, pipe) is never
skipped, it waits instead.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from edge.daemon.alarm import Alarm
from edge.daemon.hop import Hop, Listener
from edge.daemon.level import LevelMeter
from edge.daemon.ring import Chunk, Ring
from edge.errors import StageError
from edge.framing import Framer
from edge.types import Verdict, Window

__all__ = ["LEVEL_S", "MAX_WAITING", "Inference", "Lane"]

log = logging.getLogger(__name__)

LEVEL_S = 10.0
"""Between two levels of a source, seconds"""
MAX_WAITING = 2
"""Windows of a live source that may wait: one late hop is caught up, more are skipped"""
KEPT = 256
"""Latest durations from which the 95th percentiles of health are taken"""


class Lane:
    """One source on its way through inference."""

    def __init__(
        self,
        judge: Callable[[Window], Verdict],
        *,
        rate_hz: int,
        window_s: float,
        hop_s: float,
        ring: Ring,
        listener: Listener,
    ) -> None:
        self.judge = judge
        """Of this source alone: it may keep what the windows before have shown"""
        self.rate_hz, self.window_s, self.hop_s = rate_hz, window_s, hop_s
        self.ring = ring
        self.listener = listener
        self.consumed = 0
        """Samples judged or skipped: what shows progress to the watchdog"""
        self._framer: Framer | None = None
        self._expected = 0
        self._meter = LevelMeter()
        self._lost_before = 0

    def windows(self, chunk: Chunk) -> list[Window]:
        """Windows that the chunk completes; after a gap a new window is begun, none straddles it."""
        if self._framer is None or chunk.start != self._expected:
            self._framer = self._frame_from(chunk.start)
        self._expected = chunk.end
        self._meter.push(chunk.samples)
        if self._meter.n_samples >= LEVEL_S * self.rate_hz:
            self.listener.level(self._meter.read(), chunk.wall_s)
        return list(self._framer.push(chunk.samples))

    def rest(self) -> list[Window]:
        """End of the stream: what is left of a source that never filled a window."""
        framer, self._framer = self._framer, None
        return list(framer.flush()) if framer is not None and self.ring.whole else []

    def newly_lost_ms(self) -> float:
        """Sound lost since the last call."""
        lost = self.ring.lost
        since, self._lost_before = lost - self._lost_before, lost
        return 1000.0 * since / self.rate_hz

    def _frame_from(self, start: int) -> Framer:
        return Framer(rate_hz=self.rate_hz, window_s=self.window_s, hop_s=self.hop_s, start_s=start / self.rate_hz)


class Inference:
    """Drains the lanes until each is finished."""

    def __init__(self, alarm: Alarm) -> None:
        self.alarm = alarm
        """May be replaced between two windows, as a lane's judge may"""
        self._sound = threading.Event()
        self.lanes: dict[str, Lane] = {}
        """One a source, by its slug; complete before `run`"""
        self.dropped_windows = 0
        """Skipped because inference lagged, or refused by a stage"""
        self.took_s: deque[float] = deque(maxlen=KEPT)
        self.latency_ms: deque[float] = deque(maxlen=KEPT)

    def run(self) -> None:
        """The thread's work; returns when every source has ended."""
        open_lanes = dict(self.lanes)
        while open_lanes:
            self._sound.wait()
            self._sound.clear()
            for slug, lane in list(open_lanes.items()):
                while (chunk := lane.ring.read()) is not None:
                    self._drain(slug, lane, chunk)
                if lane.ring.finished:
                    for window in lane.rest():
                        self._hop(slug, lane, window, time.time(), time.monotonic())
                    del open_lanes[slug]

    def wake(self) -> None:
        """A ring has sound, or was closed."""
        self._sound.set()

    def lost_ms(self) -> float:
        """Sound lost by all sources since the start."""
        return sum(1000.0 * lane.ring.lost / lane.rate_hz for lane in self.lanes.values())

    def progress(self) -> int:
        """Grows as long as sound arrives and is judged."""
        return sum(lane.consumed for lane in self.lanes.values())

    def _drain(self, slug: str, lane: Lane, chunk: Chunk) -> None:
        windows = lane.windows(chunk)
        if not lane.ring.patient and len(windows) > MAX_WAITING:
            skipped = len(windows) - 1
            self.dropped_windows += skipped
            log.warning("%s: inference lags, skipped %d windows", slug, skipped)
            windows = windows[-1:]
        for window in windows:
            behind_s = chunk.end / lane.rate_hz - (window.start_s + lane.window_s)
            self._hop(slug, lane, window, chunk.wall_s - behind_s, chunk.arrived_s)
        lane.consumed += len(chunk.samples)

    def _hop(self, slug: str, lane: Lane, window: Window, wall_s: float, arrived_s: float) -> None:
        started = time.perf_counter()
        try:
            verdict = lane.judge(window)
        except StageError as error:
            self.dropped_windows += 1
            log.warning("%s: window at %.1f s dropped: %s", slug, window.start_s, error)
            return
        self.took_s.append(time.perf_counter() - started)
        latency_ms = 1000.0 * (time.monotonic() - arrived_s)
        self.latency_ms.append(latency_ms)
        lane.listener.hop(
            Hop(
                verdict=verdict,
                wall_s=wall_s,
                window_s=lane.window_s,
                flag=self.alarm.flag(verdict.suspicion_p),
                latency_ms=latency_ms,
                lost_ms=lane.newly_lost_ms(),
            )
        )
