"""An MQTT broker (amqtt, MQTT 3.1.1) in a thread of this process, on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker

from edge.errors import ConfigError

__all__ = ["HOST", "broker", "free_port"]

HOST = "127.0.0.1"
START_S = 20.0
MQTT_5 = 5
REFUSAL = bytes([0x20, 2, 0, 1])
"""CONNACK: unacceptable protocol version"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def broker(port: int) -> Iterator[None]:
    """Serve anonymous clients on a port of loopback for as long as the block runs."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise ConfigError(f"PORT must be free on {HOST}. Got {port}: {error.strerror}") from error
    # Every closed connection is news to it.
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="broker", daemon=True)
    thread.start()
    served = asyncio.run_coroutine_threadsafe(_start(port), loop).result(START_S)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(served.shutdown(), loop).result(START_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_S)
        loop.close()


class _Replay(StreamReaderAdapter):  # type: ignore[misc] # amqtt has no types
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._head = head

    async def read(self, n: int = -1) -> bytes:
        """The next n bytes."""
        if not self._head:
            return bytes(await super().read(n))
        taken, self._head = self._head[:n], self._head[n:]
        if len(taken) < n:
            taken += await super().read(n - len(taken))
        return taken


class _Refusing(Broker):  # type: ignore[misc] # amqtt has no types
    """Refuses MQTT 5 as MQTT 3.1.1 asks (3.1.2.2); amqtt reads its CONNECT wrongly and waits for ever."""

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Look at the protocol level before amqtt does."""
        try:
            head = await reader.readexactly(2)
            while head[-1] & 0x80:  # the packet's length goes on
                head += await reader.readexactly(1)
            level = await reader.readexactly(7)  # 0, 4, M, Q, T, T, level
        except asyncio.IncompleteReadError:
            writer.close()
            return
        if level[-1] == MQTT_5:
            writer.write(REFUSAL)
            await writer.drain()
            writer.close()
            return
        await self.external_connected(_Replay(head + level, reader), StreamWriterAdapter(writer), listener_name)


async def _start(port: int) -> Broker:
    served = _Refusing(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await served.start()
    return served
