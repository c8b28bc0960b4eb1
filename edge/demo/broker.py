"""An MQTT broker (amqtt, MQTT 3.1.1) in a thread of this process, on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from amqtt.broker import Broker

from edge.errors import ConfigError

__all__ = ["HOST", "broker", "free_port"]

HOST = "127.0.0.1"
START_S = 20.0


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
    # Refusing MQTT 5 is its job here, and every closed connection is news to it.
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


async def _start(port: int) -> Broker:
    served = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await served.start()
    return served
