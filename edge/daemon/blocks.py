"""How a block of sound is announced on the pipe from a capture process to the daemon."""

from __future__ import annotations

import struct

__all__ = ["HEADER"]

HEADER = struct.Struct("<II")
"""Samples that follow, and samples lost before them"""
