"""The subscriber's side of the demo: takes messages until the daemon says that it is offline."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from edge.demo.device import NODE, Device
from edge.demo.listener import Received
from edge.demo.programme import Programme
from edge.demo.show import Show
from edge.demo.tally import Heard
from edge.errors import EdgeError

__all__ = ["Watch"]

START_S = 30.0
"""For the daemon to say that it is online"""
QUIET_S = 0.5
"""After the daemon has ended, nothing for this long means that nothing comes any more"""
ONLINE = Received(f"tympan/{NODE}/status", b"online")
OFFLINE = Received(f"tympan/{NODE}/status", b"offline")


@dataclass(slots=True)
class Watch:
    """What came from the broker so far."""

    inbox: SimpleQueue[Received]
    device: Device
    messages: int = 0
    verdicts: list[Heard] = field(default_factory=list)

    def until_online(self) -> None:
        """Wait for the daemon's first word."""
        deadline_s = time.monotonic() + START_S
        while self._next() != ONLINE:
            if not self.device.running:
                self.device.end()  # says why
            if time.monotonic() > deadline_s:
                raise EdgeError(f"demo: the daemon online within {START_S:g} s wanted. Got no word from it.")

    def until_offline(self, deadline_s: float, display: Show, programme: Programme | None) -> None:
        """Show every verdict until the daemon ends; at the deadline (monotonic seconds) it is asked to."""
        while True:
            received = self._next()
            if received == OFFLINE or (received is None and not self.device.running):
                return
            if received is not None and received.kind == "verdict":
                heard = Heard.of(received.json())
                self.verdicts.append(heard)
                display(heard, "" if programme is None else programme.playing(heard.start_s))
            if time.monotonic() > deadline_s:
                self.device.stop()

    def _next(self) -> Received | None:
        try:
            received = self.inbox.get(timeout=QUIET_S)
        except Empty:
            return None
        self.messages += 1
        return received
