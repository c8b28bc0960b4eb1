"""QEMU's own plugin that counts instructions, built from the source of the very emulator that is installed."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from deploy.arm64.kept import kept
from deploy.arm64.mirror import debian_mirrors, sources_list
from deploy.arm64.tools import ToolError, find, output

__all__ = ["build_plugin", "read_count"]

FILES = ("include/qemu/qemu-plugin.h", "tests/plugin/bb.c")
"""The interface, and the counter of blocks and instructions; Debian packages neither"""
LIBRARY = "libbb.so"


def build_plugin(cache: Path) -> Path:
    """Fetch the source of the installed version, compile the counter; the library."""
    dpkg_query = find("dpkg-query", package="dpkg")
    version = output([dpkg_query, "--show", "--showformat=${source:Version}", "qemu-user"])
    compiler = find("gcc", package="gcc")
    pkg_config = find("pkg-config", package="pkg-config")

    def build(folder: Path) -> None:
        archive = fetch_source(version, folder / "source")
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.partition("/")[2]
                content = tar.extractfile(member) if name in FILES else None
                if content is not None:
                    (folder / Path(name).name).write_bytes(content.read())
        flags = output([pkg_config, "--cflags", "--libs", "glib-2.0"]).split()
        made = ["-o", str(folder / LIBRARY), str(folder / "bb.c")]
        output([compiler, "-O2", "-shared", "-fPIC", f"-I{folder}", *made, *flags])

    return kept(cache / "plugin", version, build) / LIBRARY


def fetch_source(version: str, folder: Path) -> Path:
    """The upstream archive of Debian's QEMU, by apt with lists of its own: the host's sources stay as they are."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    sources = folder / "sources.list"
    sources.write_text(sources_list(debian_mirrors(), kind="deb-src"), encoding="utf-8")
    own = {
        "Dir::Etc::SourceList": str(sources),
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": str(lists),
        "APT::Sandbox::User": "root",
    }
    options = [f"--option={name}={value}" for name, value in own.items()]
    output([find("apt-get", package="apt"), "--quiet", *options, "update"])
    # apt-get writes sources where it stands.
    command = [find("apt-get", package="apt"), "--quiet", *options, "--download-only", "source", f"qemu={version}"]
    output([find("env", package="coreutils"), f"--chdir={folder}", *command])
    archives = list(folder.glob("qemu_*.orig.tar.*"))
    if len(archives) != 1:
        raise ToolError(f"apt-get source: one archive of QEMU wanted. Got {len(archives)} instead.")
    return archives[0]


def read_count(report: str) -> int:
    """Instructions, from what the plugin writes when the program ends.

    Raises
    ------
    ToolError : it wrote something else
    """
    found = re.search(r"insns: (\d+)", report)
    if found is None:
        raise ToolError(f"plugin: `insns: N` wanted. Got {report!r} instead.")
    return int(found.group(1))
