"""A zip or tar.gz archive into one folder, and not a byte beside it.

Only files and folders are written. A name that is absolute or goes up, a link of any kind, a device,
or more than the archive's size can explain ends the work: a data set needs none of these.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from tqdm.auto import tqdm

from trainer.errors import ArchiveError

__all__ = ["unpack"]

ENCRYPTED = 0x1
RATIO_MAX = 50
"""Unpacked bytes a byte of the archive: sound packs to a half, text to a tenth"""
SMALL = 1 << 24
"""Bytes that any archive may hold"""
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file or folder of an archive."""

    name: str
    content: IO[bytes] | None
    """Closed by whoever reads it; None for a folder"""


def unpack(archive: Path, folder: Path) -> None:
    """Write the archive's files into `folder`, which must not be there.

    Raises
    ------
    ArchiveError : no such archive, damaged, or hostile; `folder` is gone then
    """
    folder.mkdir()
    left = max(SMALL, RATIO_MAX * archive.stat().st_size)
    try:
        with damage_named(archive), tqdm(desc="unpack", unit="file", disable=None) as bar:
            for member in members_of(archive):
                left -= write(member, place_of(folder, member.name, archive), archive, left)
                bar.update()
    except BaseException:
        shutil.rmtree(folder)
        raise


def write(member: Member, place: Path, archive: Path, n_max: int) -> int:
    """Make the file or folder; gives its bytes, at most `n_max`, whatever the archive says of its size."""
    if member.content is None:
        place.mkdir(parents=True, exist_ok=True)
        return 0
    place.parent.mkdir(parents=True, exist_ok=True)
    n_bytes = 0
    with member.content as source, place.open("xb") as file:
        while block := source.read(BLOCK):
            n_bytes += len(block)
            if n_bytes > n_max:
                raise ArchiveError(f"{archive}: at most {RATIO_MAX} times its size inside wanted. Got more instead.")
            file.write(block)
    return n_bytes


def members_of(archive: Path) -> Iterator[Member]:
    """Files and folders in the archive's order; anything else is refused."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or info.flag_bits & ENCRYPTED:
                    raise ArchiveError(f"{archive}: plain files and folders inside wanted. Got {info.filename!r}.")
                yield Member(info.filename, None if info.is_dir() else zipped.open(info))
        return
    with tarfile.open(archive, "r:gz") as packed:
        for entry in packed:
            content = packed.extractfile(entry) if entry.isreg() else None
            if content is None and not entry.isdir():
                raise ArchiveError(f"{archive}: plain files and folders inside wanted. Got {entry.name!r}.")
            yield Member(entry.name, content)


def place_of(folder: Path, name: str, archive: Path) -> Path:
    """Where a member goes, always below `folder`."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ArchiveError(f"{archive}: names below its own folder wanted. Got {name!r} instead.")
    return folder / path


@contextmanager
def damage_named(archive: Path) -> Iterator[None]:
    """What the two formats raise on damage, in one sentence."""
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(f"{archive}: a whole zip or tar.gz archive wanted. Got: {error}") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ArchiveError(f"{archive}: every name once wanted. Got {error.filename!r} again.") from error
