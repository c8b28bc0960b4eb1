"""The launcher and the processor that the guest is told of, with a script in the emulator's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.arm64.__main__ import main, parse
from deploy.arm64.guest import CPUS, Guest, describe_processor, make_guest
from deploy.arm64.tools import ToolError
from edge.errors import BundleError

EMULATOR = """\
#!/bin/sh
if [ "$1" = --version ]; then echo "qemu-aarch64 version 7.2.0"; exit; fi
[ -n "$QEMU_LOG_FILENAME" ] && echo "bb's: 3, insns: 12" > "$QEMU_LOG_FILENAME"
echo "$PYTHONPATH"
for argument; do echo "$argument"; done
"""


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """First on the path."""
    program = tmp_path / "bin" / "qemu-aarch64"
    program.parent.mkdir()
    program.write_text(EMULATOR, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


@pytest.fixture
def guest(emulator: Path, tmp_path: Path) -> Guest:
    root = tmp_path / "with a space" / "root"
    root.mkdir(parents=True)
    return make_guest(
        root.parent, root=root, wheels=tmp_path / "wheels", repository=tmp_path / "repository", cpu="cortex-a72"
    )


def test_the_guest_is_the_python_of_the_root_under_its_own_name(guest: Guest, tmp_path: Path) -> None:
    root = tmp_path / "with a space" / "root"
    path, *arguments = guest.python("-c", "pass").splitlines()
    assert path == f"{tmp_path / 'repository'}:{tmp_path / 'wheels'}"
    assert arguments[:6] == ["-0", str(guest.launcher), "-cpu", "cortex-a72", "-L", str(root)]
    assert arguments[6:] == [str(root / "usr" / "bin" / "python3.11"), "-c", "pass"]
    assert guest.qemu == "qemu-aarch64 version 7.2.0"


def test_a_count_is_that_of_this_run(guest: Guest, emulator: Path) -> None:
    assert guest.count("-c", "pass", plugin=Path("libbb.so")) == 12
    emulator.write_text("#!/bin/sh\n", encoding="utf-8")
    with pytest.raises(ToolError, match="a count wanted"):
        guest.count("-c", "pass", plugin=Path("libbb.so"))


@pytest.mark.parametrize("cpu", CPUS)
def test_the_processor_is_one_of_arm(cpu: str, tmp_path: Path) -> None:
    describe_processor(tmp_path, cpu)
    described = (tmp_path / "proc" / "cpuinfo").read_text(encoding="utf-8")
    assert described.count("processor\t:") == 4
    assert described.count(f"CPU part\t: {CPUS[cpu][0]}\n") == 4
    assert (tmp_path / "sys" / "devices" / "system" / "cpu" / "present").read_text(encoding="utf-8") == "0-3\n"


def test_every_step_is_run_unless_some_are_named() -> None:
    assert parse(["--bundle", "b"]).steps == ["golden", "tests", "file", "instructions"]
    assert parse(["--bundle", "b", "--steps", "file", "golden"]).steps == ["file", "golden"]
    assert parse(["--bundle", "b"]).cpu == "cortex-a53"


@pytest.mark.parametrize("wrong", [["--cpu", "pentium"], ["--steps", "dance"], ["--steps"]])
def test_what_is_not_known_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["--bundle", "b", *wrong])
    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_nothing_is_built_for_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        main(["--bundle", str(tmp_path / "none"), "--cache", str(tmp_path / "cache")])
    assert not (tmp_path / "cache").exists()
