"""How the root, the wheels and the plugin are asked for: what can be told without a network and an emulator."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.arm64.kept import kept
from deploy.arm64.mirror import Mirror, read_targets, sources_list
from deploy.arm64.plugin import read_count
from deploy.arm64.root import platform_tags, requirements
from deploy.arm64.tools import ToolError, find, output
from edge.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[3]
TARGETS = """\
Debian|bookworm|http://mirror.example/debian/|main
Debian|bookworm|http://mirror.example/debian/|main
Debian|bookworm-security|http://mirror.example/security/|main
Debian|trixie|http://mirror.example/debian/|main
Somebody|bookworm|http://vendor.example/|main
"""


def test_only_debian_12_is_taken_each_once() -> None:
    assert read_targets(TARGETS) == [
        Mirror("http://mirror.example/debian/", "bookworm", "main"),
        Mirror("http://mirror.example/security/", "bookworm-security", "main"),
    ]


def test_sources_are_lines_for_apt() -> None:
    mirror = Mirror("http://mirror.example/debian/", "bookworm", "main")
    assert sources_list([mirror], kind="deb-src") == "deb-src http://mirror.example/debian/ bookworm main\n"


def test_the_wheels_are_the_base_with_orb_and_the_test_tools_alone() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    base = {Requirement(line).name for line in project["project"]["dependencies"]}
    wanted = {Requirement(line).name for line in requirements(project)}
    assert wanted == base | {"opencv-python-headless", "pytest", "hypothesis"}


def test_every_wheel_for_this_glibc_or_an_older_one_fits() -> None:
    tags = platform_tags()
    assert tags[0] == "manylinux_2_36_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64"} <= set(tags)


class TestKept:
    def test_is_built_once(self, tmp_path: Path) -> None:
        built: list[Path] = []
        for _ in range(2):
            assert kept(tmp_path / "it", "pins", built.append) == tmp_path / "it"
        assert len(built) == 1

    def test_is_built_again_when_its_pins_change(self, tmp_path: Path) -> None:
        kept(tmp_path / "it", "old", lambda folder: (folder / "old").touch())
        kept(tmp_path / "it", "new", lambda folder: (folder / "new").touch())
        assert (tmp_path / "it" / "new").exists()
        assert not (tmp_path / "it" / "old").exists()

    def test_what_was_stopped_half_way_is_begun_anew(self, tmp_path: Path) -> None:
        def stopped(folder: Path) -> None:
            (folder / "half").touch()
            raise ToolError("stopped")

        with pytest.raises(ToolError, match="stopped"):
            kept(tmp_path / "it", "pins", stopped)
        assert not (tmp_path / "it").exists()
        kept(tmp_path / "it", "pins", lambda folder: (folder / "whole").touch())
        assert {path.name for path in (tmp_path / "it").iterdir() if not path.name.startswith(".")} == {"whole"}


def test_the_count_is_read_from_the_report() -> None:
    assert read_count("bb's: 62879602, insns: 310711187\n") == 310_711_187
    with pytest.raises(ToolError, match=r"`insns: N` wanted\. Got '' instead"):
        read_count("")


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(ConfigError, match=r"qemu-none wanted \(as root: apt-get install qemu-user\)"):
        find("qemu-none", package="qemu-user")


def test_the_last_words_of_a_failed_program_are_passed_on() -> None:
    program = "import sys; print('first'); sys.exit('the reason')"
    with pytest.raises(ToolError, match=r"Got 1 instead:\nthe reason"):
        output([sys.executable, "-c", program])
    assert output([sys.executable, "-c", "print('first')"]) == "first\n"
