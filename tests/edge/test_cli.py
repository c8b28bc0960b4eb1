"""The edge command as its users start it: a process, its streams, its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge import __version__
from tests.command import edge, objects

RATE_HZ = 16000
COMMANDS = ("run", "check", "classify", "devices", "levels", "bench", "explain", "mqtt-test", "support-dump")


def noise(seconds: float, rate_hz: int = RATE_HZ, channels: int = 1) -> np.ndarray:
    shape = (round(seconds * rate_hz), channels)
    return np.random.default_rng(1).uniform(-0.3, 0.3, shape).astype(np.float32)


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise(7), RATE_HZ)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_examples(command: str) -> None:
    done = edge(command, "--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout
    assert f"edge {command}" in done.stdout


def test_the_command_itself_lists_them_all_with_the_exit_codes() -> None:
    done = edge("--help")
    assert all(command in done.stdout for command in COMMANDS)
    assert "exit codes:" in done.stdout


def test_version_loads_no_numpy() -> None:
    code = """
        import sys
        from edge.cli import main
        try:
            main(["--version"])
        finally:
            assert "numpy" not in sys.modules
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"tympan {__version__}\n"), done.stderr


def test_devices_lists_some_or_says_that_there_are_none() -> None:
    done = edge("devices", "--json")
    assert done.returncode == 0, done.stderr
    assert bool(objects(done.stdout)) != ("no capture device found" in done.stderr)


@pytest.mark.parametrize("args", [[], ["listen"], ["classify"], ["bench"]])
def test_wrong_usage_is_2(args: list[str]) -> None:
    assert edge(*args).returncode == 2


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["run"], 78, "a bundle wanted"),
        (["run", "x.wav", "--config", "none.toml"], 78, "a configuration file wanted. Got: no such file"),
        (["check", "--bundle", "nowhere"], 65, "nowhere: a bundle folder wanted"),
        (["classify", "x.wav", "--bundle", "nowhere"], 65, "a bundle folder wanted"),
        (["levels", "--device", "no such microphone"], 74, "one capture device named 'no such microphone' wanted"),
    ],
)
def test_an_error_is_one_sentence_and_its_exit_code(args: list[str], code: int, sentence: str) -> None:
    done = edge(*args)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


class TestWithTheReferenceBundle:
    @pytest.fixture
    def bundle(self, reference_bundle: Path) -> list[str]:
        return ["--bundle", str(reference_bundle)]

    def test_check_replays_and_gives_the_id(self, bundle: list[str]) -> None:
        done = edge("check", *bundle, "--json")
        assert done.returncode == 0, done.stderr
        (result,) = objects(done.stdout)
        assert len(result["id"]) == 64
        assert sum(result["bytes"].values()) < 2e6
        assert all(result["deviation"][name] <= result["tolerance"][name] for name in result["deviation"])
        assert "ok" in edge("check", *bundle).stdout

    def test_bench_has_the_promised_keys(self, bundle: list[str]) -> None:
        done = edge("bench", *bundle, "--json", "--windows", 5)
        assert done.returncode == 0, done.stderr
        (result,) = objects(done.stdout)
        assert set(result) == {"ms_per_window", "ms_per_audio_second", "stages", "rss_mb", "hop_s"}
        for summary in (result["ms_per_window"], *result["stages"].values()):
            assert set(summary) == {"median", "p95"}
            assert 0 < summary["median"] <= summary["p95"]
        assert {"scalogram", "lowrank", "denoise", "codebook", "svm", "suspicion"} <= set(result["stages"])

    def test_bench_suggests_within_the_budget_and_writes_it(self, bundle: list[str], tmp_path: Path) -> None:
        config = tmp_path / "edge.toml"
        config.write_text("node = 'shed'\n", encoding="utf-8")
        done = edge("bench", *bundle, "--suggest", "--budget", 90, "--config", config, "--json")
        assert done.returncode == 0, done.stderr
        (result,) = objects(done.stdout)
        assert result["best"] in result["choices"]
        assert {choice["hop_s"] for choice in result["choices"]} == {0.5, 1.0, 2.0, 5.0}
        assert result["best"]["share"] <= 0.9
        assert f"hop_s = {result['best']['hop_s']}" in config.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--suggest", "--budget", "0"], "--budget must be in (0, 100] percent. Got 0 instead."),
            (["--config", "edge.toml"], "--config only with --suggest wanted. Got it alone."),
            (["--suggest", "--config", "none.toml"], "a configuration file wanted. Got: no such file"),
        ],
    )
    def test_bench_refuses_what_cannot_be(self, bundle: list[str], words: list[str], sentence: str) -> None:
        done = edge("bench", *bundle, *words)
        assert done.returncode == 78
        assert sentence in done.stderr

    def test_classify_has_the_promised_keys(self, bundle: list[str], wav: Path) -> None:
        done = edge("classify", wav, *bundle, "--json")
        assert done.returncode == 0, done.stderr
        (result,) = objects(done.stdout)
        assert list(result) == [
            "file", "label", "confidence", "scores", "suspicion", "suspicion_p", "reason", "best",
            "novelty", "windows",
        ]  # fmt: skip
        assert set(result["windows"][0]) == {"start_s", "label", "confidence", "suspicion", "reason"}
        assert [window["start_s"] for window in result["windows"]] == [0, 1, 2]
        assert result["best"] == max(result["scores"], key=result["scores"].get)

    def test_classify_speaks_to_people_too(self, bundle: list[str], wav: Path, tmp_path: Path) -> None:
        silent = tmp_path / "silent.wav"
        soundfile.write(silent, np.zeros(6 * RATE_HZ), RATE_HZ)
        done = edge("classify", wav, silent, tmp_path / "none.wav", *bundle, "--no-abstain")
        sound, silence, error = done.stdout.splitlines()
        assert re.fullmatch(rf"{wav}: \w+ \d\.\d\d, suspicion \d\.\d\d \(p \d\.\d\d\), 3 windows", sound)
        assert silence == f"{silent}: no label (silence)"
        assert "none.wav: error: " in error
        assert done.returncode == 74

    def test_a_bad_file_gets_its_line_and_the_others_go_on(self, bundle: list[str], tmp_path: Path, wav: Path) -> None:
        bad = self.bad_files(tmp_path)
        good = self.odd_files(tmp_path)
        done = edge("classify", *bad, wav, *good, *bundle, "--json")
        assert done.returncode == 74
        results = {Path(result["file"]).name: result for result in objects(done.stdout)}
        for path in bad:
            assert set(results[path.name]) == {"file", "error"}, path
            assert str(path) in results[path.name]["error"]
        for path in (wav, *good):
            assert "error" not in results[path.name], path
        assert results["silent.wav"]["label"] is None
        assert results["silent.wav"]["reason"] == "silence"
        assert len(results["tenth.wav"]["windows"]) == 1
        assert "Traceback" not in done.stderr

    @pytest.mark.slow
    def test_ten_minutes_are_595_hops_or_so(self, bundle: list[str], tmp_path: Path) -> None:
        path = tmp_path / "long.wav"
        soundfile.write(path, np.tile(noise(60), (10, 1)), RATE_HZ)
        done = edge("classify", path, *bundle, "--json")
        assert done.returncode == 0, done.stderr
        assert len(objects(done.stdout)[0]["windows"]) == 596

    def test_run_gives_the_windows_of_classify(self, bundle: list[str], wav: Path) -> None:
        run = edge("run", wav, *bundle, "--fast", "--stdout", "--gate", "off")
        assert run.returncode == 0, run.stderr
        (clip,) = objects(edge("classify", wav, *bundle, "--json").stdout)
        assert [(line["start_s"], line["label"]) for line in objects(run.stdout)] == [
            (window["start_s"], window["label"]) for window in clip["windows"]
        ]

    def test_run_holds_what_does_not_change_and_takes_the_hop_of_its_configuration(
        self, bundle: list[str], tmp_path: Path
    ) -> None:
        steady = 0.05 * np.random.default_rng(5).standard_normal(20 * 16000)
        wav, config = tmp_path / "steady.wav", tmp_path / "edge.toml"
        soundfile.write(wav, steady, 16000)
        config.write_text("[inference]\nhop_s = 0.5\n", encoding="utf-8")
        said = {}
        for gate in ("on", "off"):
            run = edge("run", wav, *bundle, "--config", config, "--fast", "--stdout", "--gate", gate)
            assert run.returncode == 0, run.stderr
            said[gate] = objects(run.stdout)
            assert [line["start_s"] for line in said[gate]] == [0.5 * i for i in range(31)]
        assert len({line["suspicion"] for line in said["off"]}) > 20
        assert len({line["suspicion"] for line in said["on"]}) < 5

    def test_a_hop_beyond_the_window_is_78(self, bundle: list[str], wav: Path, tmp_path: Path) -> None:
        config = tmp_path / "edge.toml"
        config.write_text("[inference]\nhop_s = 7\n", encoding="utf-8")
        done = edge("run", wav, *bundle, "--config", config, "--stdout")
        assert done.returncode == 78
        assert "a hop of at most the bundle's window, 5 s, wanted. Got 7 s." in done.stderr

    def test_run_reads_raw_pcm_on_stdin(self, bundle: list[str], wav: Path) -> None:
        samples, _ = soundfile.read(wav, dtype="int16")
        piped = edge("run", "-", *bundle, "--stdout", stdin=samples.tobytes())
        assert piped.returncode == 0, piped.stderr
        from_file = edge("run", wav, *bundle, "--fast", "--stdout")
        assert [line["label"] for line in objects(piped.stdout)] == [
            line["label"] for line in objects(from_file.stdout)
        ]

    def test_nothing_on_stdin_is_74(self, bundle: list[str]) -> None:
        done = edge("run", "-", *bundle, "--stdout", stdin=b"")
        assert done.returncode == 74
        assert "raw PCM (s16le, mono) wanted. Got no bytes." in done.stderr

    def test_an_unknown_microphone_is_74_with_those_there_are(self, bundle: list[str]) -> None:
        done = edge("run", *bundle, "--stdout", "--device", "no such microphone")
        assert done.returncode == 74
        assert "one capture device named 'no such microphone' wanted. Got 0 of those there are:" in done.stderr

    def test_run_needs_somewhere_to_publish(self, bundle: list[str], wav: Path) -> None:
        done = edge("run", wav, *bundle)
        assert done.returncode == 78
        assert "somewhere to publish wanted" in done.stderr

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_cleanly(self, bundle: list[str], wav: Path, number: signal.Signals) -> None:
        read_fd, write_fd = os.pipe()
        command = [sys.executable, "-m", "edge.cli", "run", "-", *bundle, "--stdout"]
        with subprocess.Popen(command, stdin=read_fd, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            # Held here, too, it would let the writes below wait for ever when the command has ended early.
            os.close(read_fd)
            samples, _ = soundfile.read(wav, dtype="int16")
            os.write(write_fd, samples[: 5 * RATE_HZ + 1600].tobytes()[:60_000])
            os.set_blocking(write_fd, True)
            os.write(write_fd, samples.tobytes()[60_000:])
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["start_s"] == 0
            process.send_signal(number)
            assert process.wait(30) == 0
            assert process.stderr is not None
            assert b"Traceback" not in process.stderr.read()
        os.close(write_fd)

    def test_a_closed_pipe_behind_it_is_no_traceback(self, bundle: list[str], wav: Path) -> None:
        command = [sys.executable, "-m", "edge.cli", "run", str(wav), *bundle, "--fast", "--stdout"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            errors = process.stderr.read()
            assert process.wait(60) == 141
            assert b"Traceback" not in errors

    @staticmethod
    def bad_files(folder: Path) -> list[Path]:
        missing, empty, text, cut, nan, hollow = (
            folder / name for name in ("missing.wav", "empty.wav", "text.wav", "cut.flac", "nan.wav", "hollow.wav")
        )
        empty.touch()
        text.write_text("this is not sound")
        soundfile.write(cut, noise(2), RATE_HZ)
        cut.write_bytes(cut.read_bytes()[:30])
        spoiled = noise(6)
        spoiled[40_000] = np.nan
        soundfile.write(nan, spoiled, RATE_HZ, subtype="FLOAT")
        soundfile.write(hollow, noise(0), RATE_HZ)
        return [missing, empty, text, cut, nan, hollow]

    @staticmethod
    def odd_files(folder: Path) -> list[Path]:
        silent, tenth, stereo, other = (
            folder / name for name in ("silent.wav", "tenth.wav", "stereo.wav", "44100.wav")
        )
        soundfile.write(silent, np.zeros(6 * RATE_HZ), RATE_HZ)
        soundfile.write(tenth, noise(0.1), RATE_HZ)
        soundfile.write(stereo, noise(6, channels=2), RATE_HZ)
        soundfile.write(other, noise(6, rate_hz=44100), 44100)
        return [silent, tenth, stereo, other]
