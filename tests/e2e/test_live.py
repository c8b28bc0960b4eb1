"""The whole way: paplay → PulseAudio → ALSA → PortAudio → the daemon → mosquitto → mosquitto_sub.

Clips: of each class the first file of fold 4, by name, that is at least 4.5 s long and not mostly
silent (half of its tenths of a second are above -60 dBFS rms).

The verdict on a clip: of the hops heard from the start of its playback to 1.5 s after its end, the
one whose window ends nearest to the end of the playback. Windows are 5 s as the clips are, so this
one holds the most of the clip: with a hop of 1 s at least 4.5 s of it.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.e2e.conftest import Room, running_daemon
from tests.mosquitto import Broker, need_programs, wait_until
from trainer.data import slug

FOLD = "4"
MIN_S = 4.5
SILENT_DBFS = -60.0
BEHIND_S = 1.5
"""How long after its end a clip's verdict may come: one hop and its delays"""


@dataclass
class Ear:
    """mosquitto_sub: a client that shares no code with us."""

    process: subprocess.Popen[str]
    path: Path

    def heard(self, topic: str) -> list[dict[str, Any]]:
        """Messages so far on one topic, oldest first: at (Unix s), qos, retain, payload."""
        whole, _, _ = self.path.read_text(encoding="utf-8").rpartition("\n")
        rows = [line.split(" ", 4) for line in whole.splitlines()]
        return [
            {"at": float(at), "qos": int(qos), "retain": retain == "1", "payload": payload}
            for at, qos, retain, heard_topic, payload in rows
            if heard_topic == topic
        ]

    def verdicts(self) -> list[dict[str, Any]]:
        return [json.loads(message["payload"]) for message in self.heard("tympan/shed/mic/verdict")]


@pytest.fixture
def ear(broker: Broker, tmp_path: Path) -> Iterator[Ear]:
    need_programs("mosquitto-clients", "mosquitto_sub")
    broker.start()
    path = tmp_path / "heard"
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-u", "reader", "-P", "reads"]
    command += ["-q", "1", "-t", "tympan/#", "-F", "%U %q %r %t %p"]
    with path.open("w") as file, subprocess.Popen(command, stdout=file, text=True) as process:
        wait_until(lambda: "SUBACK" in broker.log(), "the subscription")
        yield Ear(process, path)
        process.terminate()


def first_clip(folder: Path) -> Path:
    """The rule above."""
    for path in sorted(folder.glob(f"{FOLD}-*")):
        samples, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
        n_tenth = rate_hz // 10
        tenths = samples.mean(axis=1)[: len(samples) // n_tenth * n_tenth].reshape(-1, n_tenth)
        level_db = 10 * np.log10(np.square(tenths).mean(axis=1) + 1e-20)
        if len(samples) >= MIN_S * rate_hz and np.mean(level_db > SILENT_DBFS) >= 0.5:
            return path
    raise AssertionError(f"{folder}: no clip of fold {FOLD} by the rule")


def children_left(room: Room) -> list[str]:
    """Capture processes of this room: they carry its folder in their environment."""
    mark = f"HOME={room.folder}".encode()
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if b"capture_child" in command and mark in (process / "environ").read_bytes().split(b"\0"):
                left.append(process.name)
        except OSError:
            continue  # it ended while we looked
    return left


def unix_s(verdict: dict[str, Any]) -> float:
    return datetime.fromisoformat(verdict["ts"]).timestamp()


@pytest.mark.slow
@pytest.mark.data
def test_ten_clips_of_a_fold_it_never_saw(
    esc10: Path, bundle_folds123: Path, room: Room, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    clips = {slug(folder.name): first_clip(folder) for folder in sorted(esc10.glob("0*"))}
    assert len(clips) == 10
    played: dict[str, tuple[float, float]] = {}
    with running_daemon(tmp_path, room, broker, bundle_folds123) as daemon:
        wait_until(lambda: ear.verdicts() or daemon.process.poll() is not None, "the first verdict", 120)
        assert daemon.process.poll() is None, daemon.log.read_text()
        for label, path in clips.items():
            played[label] = room.play(path)
            time.sleep(BEHIND_S)
        stopped_s = time.time()
        assert daemon.stop() == 0, daemon.log.read_text()
    assert children_left(room) == [], "a capture child outlived its daemon"

    wait_until(lambda: len(ear.heard("tympan/shed/status")) == 2, "the farewell")
    verdicts = ear.verdicts()
    rows = []
    for label, (began_s, ended_s) in played.items():
        during = [one for one in verdicts if began_s <= unix_s(one) <= ended_s + BEHIND_S]
        nearest = min(during, key=lambda one: abs(unix_s(one) - ended_s))
        rows.append((label, nearest["label"], nearest["confidence"], unix_s(nearest) - ended_s))
        print("{:<16} heard as {!s:<16} {:.2f}, window ends {:+.2f} s".format(*rows[-1]))
    n_right = sum(label == heard for label, heard, _, _ in rows)

    messages = ear.heard("tympan/shed/mic/verdict")
    hop_s = json.loads((bundle_folds123 / "manifest.json").read_text(encoding="utf-8"))["hop_s"]
    n_hops = int((stopped_s - messages[0]["at"]) / hop_s) + 1
    print(f"{n_right} of 10 right; {len(messages)} verdicts in {n_hops} hops")
    assert n_right >= 8, rows
    assert len(messages) >= 0.95 * n_hops
    assert len({verdict["start_s"] for verdict in verdicts}) == len(verdicts)
    assert {(message["qos"], message["retain"]) for message in messages} == {(0, False)}
    assert [message["payload"] for message in ear.heard("tympan/shed/status")] == ["online", "offline"]
    assert [message["payload"] for message in ear.heard("tympan/shed/mic/availability")] == ["online", "offline"]
    events = [json.loads(message["payload"]) for message in ear.heard("tympan/shed/mic/event")]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.slow
def test_a_microphone_that_vanishes_is_opened_again(
    tiny_bundle: Path, room: Room, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    def availability() -> list[str]:
        return [message["payload"] for message in ear.heard("tympan/shed/mic/availability")]

    with running_daemon(tmp_path, room, broker, tiny_bundle) as daemon:
        wait_until(lambda: ear.verdicts() or daemon.process.poll() is not None, "the first verdict", 60)
        assert daemon.process.poll() is None, daemon.log.read_text()
        assert availability() == ["online"]
        room.kill()
        wait_until(lambda: availability() == ["online", "offline"], "offline")
        before = len(ear.verdicts())
        room.start()
        wait_until(lambda: availability() == ["online", "offline", "online"], "online again", 90)
        wait_until(lambda: len(ear.verdicts()) > before, "the next verdict", 60)
        assert ear.verdicts()[-1]["start_s"] > ear.verdicts()[before - 1]["start_s"] + 1
        assert daemon.stop() == 0, daemon.log.read_text()
    assert children_left(room) == [], "a capture child outlived its daemon"


@pytest.mark.slow
def test_the_last_will_speaks_for_a_killed_daemon(
    tiny_bundle: Path, room: Room, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with running_daemon(tmp_path, room, broker, tiny_bundle) as daemon:
        wait_until(lambda: ear.heard("tympan/shed/status"), "online", 60)
        daemon.process.kill()
        wait_until(lambda: not children_left(room), "the end of the capture child")
        wait_until(lambda: len(ear.heard("tympan/shed/status")) == 2, "the last will")
        assert [message["payload"] for message in ear.heard("tympan/shed/status")] == ["online", "offline"]
