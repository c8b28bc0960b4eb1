"""Where this machine gets Debian from: apt is asked, so that no address stands here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deploy.arm64.tools import find, output
from edge.errors import ConfigError

__all__ = ["SUITE", "Mirror", "debian_mirrors", "read_targets", "sources_list"]

SUITE = "bookworm"
"""Debian 12: its Python is 3.11"""
FIELDS = ("$(ORIGIN)", "$(CODENAME)", "$(REPO_URI)", "$(COMPONENT)")


@dataclass(frozen=True, slots=True, order=True)
class Mirror:
    """One suite and component of one mirror."""

    address: str
    codename: str
    """`bookworm`, `bookworm-security`"""
    component: str


def debian_mirrors() -> list[Mirror]:
    """Debian 12 as apt is configured here.

    Raises
    ------
    ConfigError : there is no apt, or it knows no Debian 12
    """
    apt = find("apt-get", package="apt")
    mirrors = read_targets(output([apt, "indextargets", "--format", "|".join(FIELDS), "Created-By: Packages"]))
    if not any(mirror.codename == SUITE for mirror in mirrors):
        got = ", ".join(mirror.codename for mirror in mirrors) or "none"
        raise ConfigError(f"Debian {SUITE} in apt's sources wanted, apt-get update run. Got {got} instead.")
    return mirrors


def read_targets(lines: str) -> list[Mirror]:
    """Debian's own among apt's index targets, each once: other vendors' suites may have the same name."""
    fields = (line.split("|") for line in lines.splitlines())
    return sorted(
        {
            Mirror(address, codename, component)
            for origin, codename, address, component in fields
            if origin == "Debian" and codename.partition("-")[0] == SUITE
        }
    )


def sources_list(mirrors: Iterable[Mirror], *, kind: str) -> str:
    """Lines for apt; `kind` is deb or deb-src."""
    return "".join(f"{kind} {mirror.address} {mirror.codename} {mirror.component}\n" for mirror in mirrors)
