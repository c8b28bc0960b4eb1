"""Debian's Python for arm64 in the emulator, as a program that anything can start: itself, too."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.arm64.plugin import read_count
from deploy.arm64.root import PYTHON
from deploy.arm64.tools import ToolError, find, output

__all__ = ["CPUS", "Guest", "make_guest"]

V8_0 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
CPUS = {
    "cortex-a53": ("0xd03", V8_0),
    "cortex-a72": ("0xd08", V8_0),
    "cortex-a76": ("0xd0b", f"{V8_0} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"),
}
"""Of a Pi Zero 2 W or 3, a Pi 4, a Pi 5: the part's number and the features that Linux gives"""
CORES = 4
LAUNCHER = """\
#!/bin/sh
# Debian's Python for arm64 in the emulator. Made by make arm64.
export PYTHONHOME={home} PYTHONPATH={path} PYTHONPYCACHEPREFIX={bytecode} PYTHONHASHSEED=0
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
exec {qemu} -0 "$0" -cpu {cpu} -L {root} {python} "$@"
"""


@dataclass(frozen=True, slots=True)
class Guest:
    """A Python on arm64."""

    launcher: Path
    cpu: str
    qemu: str
    """Version"""

    def python(self, *args: str, env: Mapping[str, str] | None = None) -> str:
        """What it writes to stdout."""
        return output([str(self.launcher), *args], env={**os.environ, **(env or {})})

    def count(self, *args: str, plugin: Path) -> int:
        """The instructions that it takes, start and end included; what it writes is dropped.

        Raises
        ------
        ToolError : it failed, or nothing was counted
        """
        report = self.launcher.with_name("count.txt")
        report.unlink(missing_ok=True)
        self.python(
            *args,
            env={"QEMU_PLUGIN": str(plugin), "QEMU_LOG": "plugin", "QEMU_LOG_FILENAME": str(report)},
        )
        if not report.is_file():
            raise ToolError(f"{self.qemu}: a count wanted. Got none: is this emulator built with plugins?")
        return read_count(report.read_text(encoding="utf-8"))


def make_guest(cache: Path, *, root: Path, wheels: Path, repository: Path, cpu: str) -> Guest:
    """Write the launcher and what the guest is told about its processor."""
    describe_processor(root, cpu)
    qemu = find("qemu-aarch64", package="qemu-user")
    launcher = cache / "python"
    values = {
        "home": root / "usr",
        "path": f"{repository}:{wheels}",
        "bytecode": cache / "bytecode",
        "qemu": qemu,
        "cpu": cpu,
        "root": root,
        "python": root / "usr" / "bin" / f"python{PYTHON}",
    }
    text = LAUNCHER.format(**{name: shlex.quote(str(value)) for name, value in values.items()})
    launcher.write_text(text, encoding="utf-8")
    launcher.chmod(0o755)
    return Guest(launcher, cpu, output([qemu, "--version"]).splitlines()[0])


def describe_processor(root: Path, cpu: str) -> None:
    """Files of /proc and /sys that the emulator does not make up itself.

    It takes an absolute path from the root where it is there, and from the host where not; of an x86 processor's
    description XNNPACK makes none of Arm, and ends with a segmentation fault.
    """
    part, features = CPUS[cpu]
    core = (
        f"Features\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
        f"CPU variant\t: 0x0\nCPU part\t: {part}\nCPU revision\t: 0\n"
    )
    info = root / "proc" / "cpuinfo"
    info.parent.mkdir(exist_ok=True)
    info.write_text("\n".join(f"processor\t: {i}\n{core}" for i in range(CORES)), encoding="utf-8")
    processors = root / "sys" / "devices" / "system" / "cpu"
    processors.mkdir(parents=True, exist_ok=True)
    for name in ("possible", "present", "online"):
        (processors / name).write_text(f"0-{CORES - 1}\n", encoding="utf-8")
