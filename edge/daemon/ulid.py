"""Unique identifiers that sort by time: 48 bits of Unix milliseconds, 80 random ones, Crockford base 32."""

from __future__ import annotations

import secrets
import time

__all__ = ["ulid"]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """26 characters."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
