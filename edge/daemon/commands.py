"""What may be asked of the daemon over MQTT, and how it answers.

`<root>/<node>/cmd/<name>` with an optional JSON object in it; the answer is on `response/<name>` and
echoes `transaction`. Nothing that arrives here can stop the daemon: what is not a command is an error
in the answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["MAX_BYTES", "BadCommand", "Command", "read_command"]

MAX_BYTES = 65_536
"""A longer request is refused; an MQTT 5 broker is told not to send it at all"""
MAX_TRANSACTION = 256
BUILT = frozenset({"reload", "snapshot"})
NOT_BUILT = frozenset({"calibrate", "rollback", "update"})


@dataclass(frozen=True, slots=True)
class Command:
    """One request."""

    name: str
    """reload, snapshot"""
    transaction: str | None
    """Whatever the asker wants echoed"""


class BadCommand(Exception):
    """Not something that we do; the answer says why."""

    def __init__(self, reason: str, detail: str, transaction: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.transaction = transaction


def read_command(name: str, payload: bytes) -> Command:
    """A request's last topic level and bytes.

    Raises
    ------
    BadCommand : with the reason bad_request, not_supported or unknown_command
    """
    transaction = _transaction(payload)
    if name in NOT_BUILT:
        raise BadCommand("not_supported", f"{name} is not built into this version", transaction)
    if name not in BUILT:
        raise BadCommand("unknown_command", f"one of {', '.join(sorted(BUILT | NOT_BUILT))} wanted", transaction)
    return Command(name, transaction)


def _transaction(payload: bytes) -> str | None:
    if len(payload) > MAX_BYTES:
        raise BadCommand("bad_request", f"at most {MAX_BYTES} bytes wanted. Got {len(payload)} instead.")
    if not payload.strip():
        return None
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadCommand("bad_request", "a JSON object in UTF-8 wanted. Got something else instead.") from error
    if not isinstance(value, dict):
        raise BadCommand("bad_request", f"a JSON object wanted. Got {type(value).__name__} instead.")
    transaction = value.get("transaction")
    if transaction is None:
        return None
    if not isinstance(transaction, str) or len(transaction) > MAX_TRANSACTION or not transaction.isprintable():
        raise BadCommand("bad_request", f"transaction must be a printable text of at most {MAX_TRANSACTION} characters")
    return transaction
