"""The demo's story: a broker, a subscriber, the real daemon, a programme to listen to, and an honest summary."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.bundle import Bundle, read_bundle
from edge.demo.broker import broker, free_port
from edge.demo.device import Device
from edge.demo.listener import listener
from edge.demo.options import Options, parse
from edge.demo.programme import Programme
from edge.demo.show import show
from edge.demo.tally import HEAD, as_json, tally
from edge.demo.watch import Watch
from edge.errors import EdgeError

__all__ = ["main"]

LIMIT_S = 110.0
"""The demo ends by itself"""
INTERRUPTED = 130


def main() -> int:
    """Run the demo; 0 when the daemon ended well, whatever it recognised."""
    try:
        options = parse()
        _run(options, read_bundle(options.bundle))
    except EdgeError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _run(options: Options, bundle: Bundle) -> None:
    limit_s = time.monotonic() + LIMIT_S
    port = options.port or free_port()
    programme = Programme(bundle) if options.source is None else None
    title = f"{bundle.name} on MQTT port {port}; look yourself: mosquitto_sub -p {port} -t 'tympan/#' -v"
    with TemporaryDirectory(prefix="tympan-demo-") as folder, broker(port), listener(port) as inbox:
        device = Device(options.source or "-", bundle=options.bundle, port=port, folder=Path(folder))
        watch = Watch(inbox, device)
        stop = threading.Event()
        with ThreadPoolExecutor(1, "feed") as pool:
            try:
                watch.until_online()
                feeding = pool.submit(_feed, device, programme, bundle.rate_hz, stop)
                deadline_s = limit_s if programme else min(limit_s, time.monotonic() + options.seconds)
                with show(title) as display:
                    watch.until_offline(deadline_s, display, programme)
                feeding.result()
            except BaseException:
                device.stop()
                raise
            finally:
                stop.set()
        device.end()
    _summarise(bundle, programme, watch)


def _feed(device: Device, programme: Programme | None, rate_hz: int, stop: threading.Event) -> None:
    """A microphone or a file feeds itself."""
    if programme is not None:
        with closing(programme.sounds()) as sounds:
            device.play(sounds, rate_hz, stop)


def _summarise(bundle: Bundle, programme: Programme | None, watch: Watch) -> None:
    if not watch.verdicts:
        raise EdgeError("demo: verdicts wanted. Got none.")
    tallies = tally(programme.passages if programme else [], watch.verdicts, window_s=bundle.window_s)
    if programme is not None:
        print()
        print(HEAD)
        for one in tallies:
            print(one.line())
        print()
        print(programme.story())
    print(as_json(tallies, watch.verdicts, watch.messages))
