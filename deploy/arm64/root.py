"""The arm64 root and the wheels in it: what an installation on a board would fetch, byte for byte."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from deploy.arm64.kept import kept
from deploy.arm64.mirror import SUITE, debian_mirrors, sources_list
from deploy.arm64.tools import find, output

__all__ = ["PYTHON", "build_root", "install_wheels", "platform_tags", "requirements"]

PYTHON = "3.11"
"""Of the root"""
PACKAGES = ("python3-minimal", f"libpython{PYTHON}-stdlib", "libportaudio2")
GLIBC_MINOR = 36
"""Debian 12 has glibc 2.36"""
TEST_TOOLS = ("pytest", "hypothesis")
"""Of the extra `dev`: what the tests on the device need"""


def build_root(cache: Path) -> Path:
    """Debian's packages, unpacked; none of their scripts is run, so no rights are needed."""
    sources = sources_list(debian_mirrors(), kind="deb")

    def build(folder: Path) -> None:
        listed = folder.with_suffix(".sources.list")
        listed.write_text(sources, encoding="utf-8")
        mmdebstrap = find("mmdebstrap", package="mmdebstrap")
        # Where nothing is run, nothing needs a chroot; root is kept from this mode, for fear of what would be run.
        mode = "auto" if os.geteuid() == 0 else "chrootless"
        options = ["--quiet", f"--mode={mode}", "--variant=extract", "--arch=arm64", f"--include={','.join(PACKAGES)}"]
        output([mmdebstrap, *options, SUITE, str(folder), str(listed)])
        listed.unlink()

    return kept(cache / "root", f"{sources}{PACKAGES}", build)


def install_wheels(cache: Path, repository: Path) -> Path:
    """The pinned wheels for aarch64, unpacked by pip; nothing is built, nothing is run."""
    wanted = requirements(tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8")))
    constraints = repository / "constraints.txt"

    def build(folder: Path) -> None:
        tags = [f"--platform={tag}" for tag in platform_tags()]
        where = ["--target", str(folder), "--upgrade", "--constraint", str(constraints)]
        which = ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}", *tags]
        output([sys.executable, "-m", "pip", "install", "--quiet", *where, *which, *wanted])

    return kept(cache / "wheels", f"{wanted}\n{constraints.read_text(encoding='utf-8')}", build)


def requirements(project: dict[str, Any]) -> list[str]:
    """The base, ORB and the test tools, from a parsed pyproject.toml."""
    extras = project["project"]["optional-dependencies"]
    tools = [line for line in extras["dev"] if line.startswith(TEST_TOOLS)]
    return [*project["project"]["dependencies"], *extras["orb"], *tools]


def platform_tags() -> list[str]:
    """Of wheels that run on this root's glibc, newest first."""
    return [*(f"manylinux_2_{minor}_aarch64" for minor in range(GLIBC_MINOR, 16, -1)), "manylinux2014_aarch64"]
