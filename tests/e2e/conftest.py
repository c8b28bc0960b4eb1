"""A private PulseAudio with a null sink whose monitor is the microphone, and the real daemon as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mosquitto import Broker, need_programs, running_broker, wait_until

MICROPHONE = "tympan_room"
PULSE = """\
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=room rate=44100 channels=1
set-default-sink room
set-default-source room.monitor
"""
ASOUND = """\
pcm.{name} {{
    type pulse
    server "unix:{socket}"
    device "room.monitor"
    hint {{ show on description "the room" }}
}}
ctl.{name} {{ type pulse server "unix:{socket}" }}
"""


@dataclass
class Room:
    """What is played here is heard by the microphone `tympan_room`, and by nobody else."""

    folder: Path
    _server: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.socket = self.folder / "pulse.sock"
        (self.folder / "room.pa").write_text(PULSE.format(socket=self.socket))
        (self.folder / ".asoundrc").write_text(ASOUND.format(name=MICROPHONE, socket=self.socket))
        self.environ = os.environ | {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "PULSE_SERVER": f"unix:{self.socket}",
        }

    def start(self) -> None:
        """Start the server; as root, too, since CI is."""
        script = str(self.folder / "room.pa")
        command = ["pulseaudio", "-n", "-F", script, "--exit-idle-time=-1", "--disallow-exit", "--daemonize=no"]
        command += ["--use-pid-file=no", "--log-target=stderr"]
        environ = {name: value for name, value in self.environ.items() if name != "PULSE_SERVER"}
        self.socket.unlink(missing_ok=True)
        with (self.folder / "pulse.log").open("ab") as log:
            self._server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        probe = ["pactl", "info"]
        wait_until(
            lambda: subprocess.run(probe, env=self.environ, capture_output=True, check=False).returncode == 0,
            "pulseaudio",
        )

    def kill(self) -> None:
        """The microphone is pulled out."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait()
            self._server = None

    def play(self, path: Path) -> tuple[float, float]:
        """Play a sound file to its end; Unix times before and after."""
        began_s = time.time()
        subprocess.run(["paplay", "--latency-msec=50", str(path)], env=self.environ, check=True, timeout=60)
        return began_s, time.time()


@pytest.fixture
def room() -> Iterator[Room]:
    need_programs("pulseaudio pulseaudio-utils libasound2-plugins libportaudio2", "pulseaudio", "paplay", "pactl")
    with tempfile.TemporaryDirectory(prefix="room-") as folder:  # short: a socket's path has at most 107 bytes
        room = Room(Path(folder))
        room.start()
        yield room
        room.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker") as broker:
        yield broker


@dataclass
class Daemon:
    """`edge run` as a process, with its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """As systemd does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def running_daemon(folder: Path, room: Room, broker: Broker, bundle: Path) -> Iterator[Daemon]:
    """The daemon on the room's microphone and the broker, node `shed`, source `mic`."""
    config = folder / "edge.toml"
    credentials = broker.config().credentials_file
    config.write_text(
        f'node = "shed"\nbundle = "{bundle}"\nstate_dir = "{folder / "state"}"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ncredentials_file = "{credentials}"\nbackoff_max_s = 1.0\n'
        f'[[source]]\nslug = "mic"\ndevice = "{MICROPHONE}"\n'
    )
    log = folder / "edge.log"
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(config)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=room.environ, stdout=file, stderr=file)
    try:
        yield Daemon(process, log)
    finally:
        process.kill()
        process.wait()
