"""Which capture device a name means, and the slots that the audio callback fills."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from edge.daemon.capture_child import Slots
from edge.daemon.devices import Device, find_device
from edge.errors import DeviceNotFound

DEVICES = [
    Device(0, "USB PnP Sound Device: Audio (hw:1,0)", 1, 44100.0, is_default=False),
    Device(3, "USB PnP Sound Device: Audio (hw:2,0)", 1, 44100.0, is_default=False),
    Device(5, "default", 32, 44100.0, is_default=True),
]


@pytest.mark.parametrize(
    ("name", "index"),
    [(None, 5), ("default", 5), ("hw:2", 3), ("USB PnP Sound Device: Audio (hw:1,0)", 0), ("DEFAULT", 5)],
)
def test_a_name_or_a_part_that_no_other_has(name: str | None, index: int) -> None:
    assert find_device(name, DEVICES).index == index


@pytest.mark.parametrize(
    ("name", "n_matches", "devices"),
    [("USB", 2, DEVICES), ("webcam", 0, DEVICES), (None, 0, DEVICES[:2]), ("x", 0, [])],
)
def test_anything_else_is_an_error_that_lists_what_there_is(
    name: str | None, n_matches: int, devices: list[Device]
) -> None:
    with pytest.raises(DeviceNotFound) as caught:
        find_device(name, devices)
    listed = ", ".join(repr(device.name) for device in devices) or "none"
    assert str(caught.value).endswith(f"Got {n_matches} of those there are: {listed}.")
    assert caught.value.exit_code == 74


class TestSlots:
    def fill(self, slots: Slots, *values: float, overflow: bool = False) -> None:
        for value in values:
            block = np.full((4, 1), value, dtype=np.float32)
            slots.callback(block, 4, None, SimpleNamespace(input_overflow=overflow))

    def taken(self, slots: Slots) -> list[tuple[float, int]]:
        found = []
        while (taken := slots.take()) is not None:
            found.append((float(taken[0][0, 0]), taken[1]))
        return found

    def test_blocks_come_out_in_order(self) -> None:
        slots = Slots(4, 4, 1)
        self.fill(slots, 1, 2, 3)
        assert slots.filled.is_set()
        assert self.taken(slots) == [(1, 0), (2, 0), (3, 0)]
        assert slots.take() is None

    def test_a_reader_that_is_late_learns_how_many_it_lost(self) -> None:
        slots = Slots(4, 4, 1)
        self.fill(slots, *range(10))
        assert self.taken(slots) == [(7, 7), (8, 0), (9, 0)]

    def test_what_portaudio_lost_is_counted(self) -> None:
        slots = Slots(4, 4, 1)
        self.fill(slots, 1, overflow=True)
        assert slots.overflows == 1
