"""Queue, backoff, level, alarm, notifier, health, identifiers."""

from __future__ import annotations

import math
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from edge.daemon.alarm import Alarm
from edge.daemon.backoff import Backoff
from edge.daemon.health import HealthMeter, p95
from edge.daemon.level import LevelMeter
from edge.daemon.notify import Notifier
from edge.daemon.queues import DropOldest
from edge.daemon.ulid import ulid


class TestDropOldest:
    def test_keeps_the_newest_and_counts_the_rest(self) -> None:
        queue: DropOldest[int] = DropOldest(2)
        for i in range(5):
            queue.put(i)
        assert [queue.get(), queue.get(), queue.get()] == [3, 4, None]
        assert queue.dropped == 3

    def test_a_patient_writer_loses_nothing_while_somebody_reads(self) -> None:
        queue: DropOldest[int] = DropOldest(1)

        def write() -> None:
            for i in range(50):
                queue.put(i, patience_s=30)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        got: list[int] = []
        while len(got) < 50:
            item = queue.get()
            if item is not None:
                got.append(item)
        assert got == list(range(50))
        assert queue.dropped == 0


class TestBackoff:
    def test_doubles_up_to_the_limit_and_is_jittered(self) -> None:
        backoff = Backoff(first_s=1, max_s=8, seed=3)
        waits = [backoff.wait_s() for _ in range(6)]
        for wait, base in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
            assert base / 2 <= wait <= base
        assert waits[4] != waits[5]

    def test_starts_again_after_success(self) -> None:
        backoff = Backoff(first_s=1, max_s=64)
        for _ in range(5):
            backoff.wait_s()
        backoff.reset()
        assert backoff.wait_s() <= 1


class TestLevelMeter:
    def test_square_wave_at_full_scale_is_zero(self) -> None:
        meter = LevelMeter()
        meter.push(np.tile(np.array([1, -1], dtype=np.float32), 50))
        level = meter.read()
        assert (level.rms_dbfs, level.peak_dbfs) == (0, 0)

    def test_digital_silence_is_none_never_zero(self) -> None:
        meter = LevelMeter()
        meter.push(np.zeros(100, dtype=np.float32))
        level = meter.read()
        assert (level.rms_dbfs, level.peak_dbfs) == (None, None)

    def test_reading_starts_again(self) -> None:
        meter = LevelMeter()
        meter.push(np.ones(10, dtype=np.float32))
        meter.read()
        meter.push(np.full(10, 0.1, dtype=np.float32))
        peak = meter.read().peak_dbfs
        assert peak is not None
        assert math.isclose(peak, -20, abs_tol=1e-4)


class TestAlarm:
    def test_one_alarm_an_hour_needs_3600_windows_at_one_second(self) -> None:
        assert Alarm.at(1.0, hop_s=1.0, n_calibration=3598).alpha is None
        assert Alarm.at(1.0, hop_s=1.0, n_calibration=3599).alpha == pytest.approx(1 / 3600)

    def test_flags_at_or_under_alpha(self) -> None:
        alarm = Alarm.at(36.0, hop_s=1.0, n_calibration=1000)
        assert [alarm.flag(p) for p in (0.001, 0.01, 0.011, None)] == [True, True, False, None]

    def test_a_small_calibration_says_nothing(self) -> None:
        assert Alarm.at(1.0, hop_s=1.0, n_calibration=10).flag(1e-9) is None


class TestNotifier:
    def listening(self, path: Path) -> socket.socket:
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.bind(str(path))
        receiver.settimeout(0.2)
        return receiver

    def test_feeds_the_watchdog_only_on_progress(self, tmp_path: Path) -> None:
        with self.listening(tmp_path / "notify") as receiver:
            notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
            notifier.ready("1 source")
            assert receiver.recv(100) == b"READY=1\nSTATUS=1 source"
            assert notifier.watchdog_s == 30
            assert notifier.feed(1)
            assert receiver.recv(100) == b"WATCHDOG=1"
            assert not notifier.feed(1)
            with pytest.raises(TimeoutError):
                receiver.recv(100)
            assert notifier.feed(2)

    def test_another_process_is_not_watched(self) -> None:
        assert Notifier({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid() + 1)}).watchdog_s == 0

    def test_without_a_supervisor_nothing_happens(self) -> None:
        Notifier({}).stopping()


class TestHealth:
    def test_says_every_figure_of_the_machine(self, tmp_path: Path) -> None:
        health = HealthMeter(tmp_path).read()
        assert set(health) == {"cpu", "rss", "temperature", "disk_free", "clock_synced"}
        assert health["rss"] > 1
        assert health["disk_free"] > 0
        assert health["clock_synced"] in {True, False, None}

    def test_p95_is_the_nearest_rank(self) -> None:
        assert p95([float(i) for i in range(101)]) == 95
        assert p95([7.0]) == 7
        assert p95([]) is None


def test_identifiers_are_unique_and_sort_by_time() -> None:
    many = [ulid() for _ in range(1000)]
    assert len(set(many)) == 1000
    assert {len(one) for one in many} == {26}
    assert many[0][:6] <= many[-1][:6]
