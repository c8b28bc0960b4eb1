"""Events of the outbox on their way to the broker: in order, a few at a time, deleted once acknowledged.

What is in the outbox when a connection begins waited out an outage: it goes to `history`, paced, so
that a backlog drowns neither the broker nor what happens now. What comes later goes to `event` at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from edge.daemon.message import Message, Topics
from edge.daemon.outbox import Outbox, Pending

__all__ = ["HISTORY_PER_S", "IN_FLIGHT", "Delivery"]

IN_FLIGHT = 20
"""Events sent and not yet acknowledged; more than these a kill cannot duplicate"""
HISTORY_IN_FLIGHT = 10
"""Of these, replayed ones"""
HISTORY_PER_S = 100.0
"""Replayed events a second, at most"""
RETRY_S = 60.0
"""After this an event that the broker refused is sent again"""


class Delivery:
    """Owned by the publish thread."""

    def __init__(self, outbox: Outbox, topics: Topics, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbox = outbox
        self._topics = topics
        self._clock = clock
        self._rows: dict[int, int] = {}
        """Number of a message on this connection → row of the outbox"""
        self._done: list[int] = []
        """Acknowledged rows, not yet deleted"""
        self._history_row = self._history_end = self._live_row = 0
        self._next_s = 0.0
        """When the next replayed event may go"""
        self._retry_s: float | None = None

    def begin(self) -> None:
        """A new connection: nothing is in flight, and everything stored waited out an outage."""
        self.settle()
        self._rows.clear()
        self._history_row = 0
        self._history_end = self._live_row = self._outbox.newest_row()
        self._next_s = 0.0
        self._retry_s = None

    def due(self) -> Iterator[tuple[Message, int]]:
        """What may be sent now, each with its row; the caller says `sent` before it asks on."""
        if self._retry_s is not None and self._clock() >= self._retry_s:
            self.again()
        for pending in self._outbox.pending(after=self._live_row, limit=max(0, IN_FLIGHT - len(self._rows))):
            self._live_row = pending.row
            topic = self._topics.of_source(pending.source, "event")
            yield Message(topic, pending.payload, qos=1, retain=False), pending.row
        room = HISTORY_IN_FLIGHT - len(self._rows)
        if room <= 0 or self._history_row >= self._history_end or self._clock() < self._next_s:
            return
        waiting = self._outbox.pending(after=self._history_row, up_to=self._history_end, limit=room)
        if not waiting:
            self._history_row = self._history_end
        flying = set(self._rows.values())
        for pending in waiting:
            self._history_row = pending.row
            if pending.row not in flying:
                self._next_s = max(self._next_s, self._clock()) + 1 / HISTORY_PER_S
                yield self._replayed(pending), pending.row

    def wait_s(self, longest_s: float) -> float:
        """How long until something may be due that nobody will wake us for."""
        if self._history_row < self._history_end and len(self._rows) < HISTORY_IN_FLIGHT:
            return min(longest_s, max(0.0, self._next_s - self._clock()))
        return longest_s

    def sent(self, number: int, row: int) -> None:
        """On its way, under the number of its message."""
        self._rows[number] = row

    def acknowledged(self, number: int, *, refused: bool) -> None:
        """The broker has it, or does not want it: then it stays, and is tried again later."""
        row = self._rows.pop(number, None)
        if row is None:
            return
        if not refused:
            self._done.append(row)
        elif self._retry_s is None:
            self._retry_s = self._clock() + RETRY_S

    def settle(self) -> None:
        """Delete what was acknowledged."""
        done, self._done = self._done, []
        self._outbox.delete(done)

    def again(self) -> None:
        """From the outbox's beginning, but for what is in flight: what is still there was refused, or came late."""
        self.settle()
        self._retry_s = None
        self._history_row = 0
        self._history_end = self._live_row

    def _replayed(self, pending: Pending) -> Message:
        value = {**json.loads(pending.payload), "replayed": True}
        payload = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return Message(self._topics.of_source(pending.source, "history"), payload, qos=1, retain=False)
