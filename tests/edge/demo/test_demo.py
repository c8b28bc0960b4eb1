"""The demo as a person starts it: a process, its output, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("amqtt", reason="amqtt (extra demo) wanted. Got an environment without it.")
pytest.importorskip("rich", reason="rich (extra demo) wanted. Got an environment without it.")

from edge.demo.options import parse
from edge.demo.options import reference_bundle as newest
from edge.demo.synth import imitate
from edge.errors import ConfigError

LIMIT_S = 150
RATE_HZ = 16000


def demo(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.demo", *args], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


@pytest.mark.slow
def test_the_programme_is_played_and_recognised(reference_bundle: Path) -> None:
    done = demo("--bundle", str(reference_bundle))
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["passages"] == 11
    assert figures["recognised"] * 2 >= figures["passages"]
    assert figures["windows"] == 7 * 11 - 5 + 1
    assert figures["messages"] > figures["windows"]
    assert 0 <= figures["suspicion_clean"] <= 1
    assert 0 <= figures["suspicion_attacked"] <= 1
    assert "dB SNR" in done.stdout
    for kind in ("clean", "attacked"):
        assert f" {kind} " in done.stdout


@pytest.mark.slow
def test_a_file_of_ones_own(reference_bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "rain in the garden.wav"
    soundfile.write(path, imitate("rain", n=7 * RATE_HZ, rate_hz=RATE_HZ, seed=3), RATE_HZ)
    done = demo("--bundle", str(reference_bundle), "--source", str(path))
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["windows"] == 3
    assert (figures["passages"], figures["suspicion_attacked"]) == (0, None)


@pytest.mark.slow
def test_a_long_file_ends_in_time(reference_bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(60 * RATE_HZ), RATE_HZ)
    done = demo("--bundle", str(reference_bundle), "--source", str(path), "--seconds", "8")
    assert done.returncode == 0, done.stderr
    assert 1 <= json.loads(done.stdout.splitlines()[-1])["windows"] < 30


def test_a_daemon_that_cannot_start_is_quoted(reference_bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("not a sound", encoding="utf-8")
    done = demo("--bundle", str(reference_bundle), "--source", str(path))
    assert done.returncode == 70
    assert "exit code 0 of the daemon wanted. Got 74 instead:" in done.stderr
    assert f"{path}: a sound file wanted" in done.stderr


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--port", "0"], "PORT must be in [1, 65535]. Got 0 instead."),
        (["--source", "nothing.wav"], "SOURCE must be mic or a sound file. Got nothing.wav instead."),
        (["--seconds", "0"], "--seconds must be in (0, 100]. Got 0 instead."),
    ],
)
def test_wrong_wishes_are_named(args: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse([*args, "--bundle", "somewhere"])
    assert str(caught.value) == sentence


def test_a_bad_bundle_has_its_exit_code(tmp_path: Path) -> None:
    done = demo("--bundle", str(tmp_path / "none"))
    assert done.returncode == 65
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_the_highest_version_is_the_reference(tmp_path: Path) -> None:
    for name in ("esc10-surf-0.9.0", "esc10-surf-0.10.0", "esc10-orb-1.0.0", "esc10-surf-2.0.0"):
        (tmp_path / name).mkdir()
        if name != "esc10-surf-2.0.0":  # not finished: no manifest
            (tmp_path / name / "manifest.json").touch()
    assert newest(tmp_path).name == "esc10-surf-0.10.0"


def test_no_bundle_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"wanted\. Got none; name one with --bundle"):
        newest(tmp_path)
