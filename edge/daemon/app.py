"""The daemon's story, top to bottom: open, listen, judge, tell, stop.

Read this first. Each noun lives in its own file: a capture fills a ring, one inference thread
empties the rings, reporters decide what is said, a voice says it.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from edge.config import EdgeConfig, SourceConfig
from edge.daemon.alarm import Alarm
from edge.daemon.capture import Capture, Microphone
from edge.daemon.commands import Command
from edge.daemon.control import Control
from edge.daemon.infer import Inference, Lane
from edge.daemon.notify import Notifier
from edge.daemon.ring import Ring
from edge.daemon.voice import Voice
from edge.daemon.worker import Worker
from edge.types import Verdict, Window

if TYPE_CHECKING:
    from edge.bundle import Bundle

__all__ = ["Feed", "run"]

log = logging.getLogger(__name__)

TICK_S = 1.0
"""Between two looks at health and watchdog"""
END_S = 10.0
"""For a thread to finish: what was heard is judged, and no capture child is left behind"""
SIGNAL = "a signal"
HANGUP = "SIGHUP"


@dataclass(frozen=True, slots=True)
class Feed:
    """A file or a pipe in the place of the configured microphones."""

    slug: str
    capture: Capture


@dataclass(frozen=True, slots=True)
class Ear:
    """One source, open."""

    slug: str
    capture: Capture
    ring: Ring


def run(
    config: EdgeConfig,
    bundle: Bundle,
    voice: Voice,
    *,
    feed: Feed | None = None,
    load: Callable[[], EdgeConfig] | None = None,
) -> None:
    """Listen, and speak through `voice`, until the sources end or a signal asks for a stop.

    `load` reads the configuration again, on SIGHUP or command.

    Raises
    ------
    AudioError : a source cannot be opened at the start, or a file turned out not to be sound
    ConfigError : the events' rules do not fit the bundle
    """
    config.events.check_against(bundle.labels, hop_s=bundle.hop_s)
    stop = threading.Event()
    ended: SimpleQueue[str | Command] = SimpleQueue()
    notifier = Notifier()
    inference = Inference(_alarm(config, bundle))
    ears = _ears(config, bundle, feed, voice, inference)
    listening = Worker("inference", inference.run, ended=ended)
    hearing = [Worker(f"capture {ear.slug}", partial(ear.capture.run, ear.ring, stop), ended=ended) for ear in ears]
    workers = [listening, *hearing]
    control = Control(config, load=load, apply=partial(_apply, bundle, voice, inference))
    try:
        with _signals_to(ended):
            for ear in ears:
                ear.capture.open()
            speaking = voice.start(ended, patient=all(ear.capture.patient for ear in ears))
            for worker in workers:
                worker.start()
            workers += speaking
            notifier.ready(f"{len(ears)} sources, bundle {bundle.name}")
            _watch(workers, ended, voice, inference, control, notifier)
            notifier.stopping()
    finally:
        stop.set()
        for ear in ears:
            ear.ring.close()
        for worker in (listening, *hearing):
            if worker.is_alive():
                worker.join(END_S)
        voice.stop()
    for worker in workers:
        if worker.failure is not None:
            raise worker.failure


def _watch(
    workers: list[Worker],
    ended: SimpleQueue[str | Command],
    voice: Voice,
    inference: Inference,
    control: Control,
    notifier: Notifier,
) -> None:
    """The main thread's life: until a signal, a failure, or the end of every source."""
    listening = workers[0]
    tick_s = min(TICK_S, notifier.watchdog_s / 3) if notifier.watchdog_s else TICK_S
    while listening.is_alive() and not any(worker.failure for worker in workers):
        voice.tick(inference)
        notifier.feed(inference.progress())
        try:
            heard = ended.get(timeout=tick_s)
        except Empty:
            continue
        if heard == SIGNAL:
            log.info("stopping")
            return
        if heard == HANGUP:
            control.reload()
        elif isinstance(heard, Command):
            answer = (
                control.reload() if heard.name == "reload" else {"status": "ok", "topics": voice.snapshot(inference)}
            )
            voice.respond(heard, answer)


def _apply(bundle: Bundle, voice: Voice, inference: Inference, config: EdgeConfig) -> None:
    """The part of a new configuration that needs no restart."""
    config.events.check_against(bundle.labels, hop_s=bundle.hop_s)
    for lane in inference.lanes.values():
        lane.judge = _judge(config, bundle)
    inference.alarm = _alarm(config, bundle)
    voice.reconfigure(config)


def _judge(config: EdgeConfig, bundle: Bundle) -> Callable[[Window], Verdict]:
    """The bundle's judge; where the operator wants no `unknown`, the nearest label in its place."""
    judge = bundle.judge(glance=config.inference.gate)
    return judge if config.decision.unknown else lambda window: judge(window).committed()


def _alarm(config: EdgeConfig, bundle: Bundle) -> Alarm:
    alarm = Alarm.at(config.events.far_per_hour, hop_s=bundle.hop_s, n_calibration=bundle.n_calibration)
    if alarm.alpha is None:
        log.warning(
            "suspicion_flag is null: for %g false alarms an hour more calibration windows are wanted. Got %d.",
            alarm.far_per_hour,
            bundle.n_calibration,
        )
    return alarm


def _ears(config: EdgeConfig, bundle: Bundle, feed: Feed | None, voice: Voice, inference: Inference) -> list[Ear]:
    """A ring, a reporter and a lane for each source; nothing is opened yet."""
    ears = []
    for source in config.sources if feed is None else [SourceConfig(feed.slug)]:
        patient = feed is not None and feed.capture.patient
        reporter = voice.reporter(source, patient=patient)
        ring = Ring(round(config.ring_s * bundle.rate_hz), patient=patient, wake=inference.wake)
        inference.lanes[source.slug] = Lane(
            _judge(config, bundle),
            rate_hz=bundle.rate_hz,
            window_s=bundle.window_s,
            hop_s=bundle.hop_s,
            ring=ring,
            listener=reporter,
        )
        capture: Capture
        if feed is None:
            capture = Microphone(
                source, rate_hz=bundle.rate_hz, stall_s=config.stall_s, on_available=reporter.available
            )
        else:
            capture = feed.capture
            reporter.available(online=True)
        ears.append(Ear(source.slug, capture, ring))
    return ears


def _tell(ended: SimpleQueue[str | Command], said: str, _number: int, _frame: object) -> None:
    ended.put(said)


@contextmanager
def _signals_to(ended: SimpleQueue[str | Command]) -> Iterator[None]:
    """SIGTERM and SIGINT end the daemon cleanly, SIGHUP reads its configuration again.

    A handler runs between two instructions of the main thread, so it may only touch what is
    re-entrant: SimpleQueue is, an Event's lock is not.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals: a test that runs the daemon in a thread has none
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    for number in before:
        said = HANGUP if number == signal.SIGHUP else SIGNAL
        signal.signal(number, partial(_tell, ended, said))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
