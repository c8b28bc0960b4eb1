"""systemd's notification protocol: one datagram to the socket in $NOTIFY_SOCKET; without it, nothing."""

from __future__ import annotations

import os
import socket

__all__ = ["Notifier"]


class Notifier:
    """Tells the supervisor how the daemon is."""

    def __init__(self, environ: dict[str, str] | None = None) -> None:
        env = os.environ if environ is None else environ
        address = env.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        for_us = env.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(env.get("WATCHDOG_USEC", "0")) / 1e6 if for_us else 0.0
        """Longest silence that the supervisor tolerates; 0: it does not watch"""
        self._last_progress = -1

    def ready(self, status: str) -> None:
        """Started: units that wait for us may go on."""
        self._send(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        """A stop was asked for, and is being done."""
        self._send("STOPPING=1")

    def feed(self, progress: int) -> bool:
        """Feed the watchdog, but only if audio and inference got further since the last time."""
        if progress == self._last_progress:
            return False
        self._last_progress = progress
        self._send("WATCHDOG=1")
        return True

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(text.encode(), self._address)
