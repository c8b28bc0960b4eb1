"""`edge explain`, and the rules of a running daemon read again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.command import edge, objects

RATE_HZ = 16000


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.3, 0.3, 7 * RATE_HZ), RATE_HZ)
    return path


def test_explain_shows_each_window_with_its_reason(tiny_bundle: Path, wav: Path, tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(f'bundle = "{tiny_bundle}"\n[events]\nk = 1\nn = 1\nloud_dbfs = -40\n')
    plain = edge("explain", wav, "--config", config)
    assert plain.returncode == 0, plain.stderr
    assert "loud: level_over_threshold" in plain.stdout.splitlines()[0]
    rows = objects(edge("explain", wav, "--config", config, "--json").stdout)
    assert [row["start_s"] for row in rows] == [0.5 * i for i in range(11)]
    assert len(plain.stdout.splitlines()) == len(rows)
    assert all(set(row["why"]) == {"detected", "suspicious", "loud"} for row in rows)
    assert {"event_type": "loud", "label": rows[0]["label"], "reason": "level_over_threshold"} in rows[0]["events"]
    assert rows[0]["rule"]["n"] == 1


def test_explain_refuses_rules_that_cannot_be(tiny_bundle: Path, wav: Path, tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(f'bundle = "{tiny_bundle}"\n[events.labels.whistling]\nk = 1\n')
    done = edge("explain", wav, "--config", config)
    assert done.returncode == 78
    assert "labels of the bundle (hiss, ticks, whistle). Got 'whistling' instead." in done.stderr


def test_a_hangup_reads_the_configuration_again(reference_bundle: Path, wav: Path, tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("[events]\nk = 2\n")
    command = [
        sys.executable,
        "-m",
        "edge.cli",
        "run",
        "-",
        "--bundle",
        str(reference_bundle),
        "--stdout",
        "--config",
        str(config),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=False) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        samples, _ = soundfile.read(wav, dtype="int16")
        process.stdin.write(samples.tobytes())
        process.stdin.flush()
        process.stdout.readline()  # it runs
        said = []
        for text in ("[events]\nk = 3\n", "ring_s = 9.0\n[events]\nk = 3\n", "[events]\nk = 99\n"):
            config.write_text(text)
            process.send_signal(signal.SIGHUP)
            while b"reload: " not in (line := process.stderr.readline()):
                assert line, "it ended"
            said.append(line.decode())
        process.stdin.close()
        assert process.wait(60) == 0
    assert "['events'] taken; restart required for nothing" in said[0]
    assert "restart required for ['ring_s']" in said[1]
    assert "events.k must be in [1, 4]. Got 99 instead." in said[2]
