"""Capture devices by name: what PortAudio lists, and which one the operator meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sounddevice

from edge.errors import DeviceNotFound

__all__ = ["Device", "find_device", "list_devices"]


@dataclass(frozen=True, slots=True)
class Device:
    """One capture device."""

    index: int
    """PortAudio's number; changes when devices come and go"""
    name: str
    channels: int
    rate_hz: float
    """Default sample rate, hertz"""
    is_default: bool


def list_devices() -> list[Device]:
    """Every device that can record, as PortAudio saw them when it was initialised."""
    default = sounddevice.default.device[0]
    return [
        Device(i, info["name"], info["max_input_channels"], info["default_samplerate"], i == default)
        for i, info in enumerate(sounddevice.query_devices())
        if info["max_input_channels"] > 0
    ]


def find_device(name: str | None, devices: Sequence[Device]) -> Device:
    """The device with this name, else the only one whose name contains it; None is the default."""
    if name is None:
        matches = [device for device in devices if device.is_default]
    else:
        matches = [device for device in devices if device.name == name]
        matches = matches or [device for device in devices if name.lower() in device.name.lower()]
    if len(matches) != 1:
        there = ", ".join(repr(device.name) for device in devices) or "none"
        wanted = "a default capture device" if name is None else f"one capture device named {name!r}"
        raise DeviceNotFound(f"audio: {wanted} wanted. Got {len(matches)} of those there are: {there}.")
    return matches[0]
