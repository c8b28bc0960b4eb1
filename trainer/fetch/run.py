"""Fetching one data set: download, check, unpack beside the place, rename."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from trainer.data.load import layout_of
from trainer.errors import ArchiveError, FetchError
from trainer.fetch.catalogue import Source
from trainer.fetch.download import discard, download
from trainer.fetch.unpack import unpack

__all__ = ["RECEIPT", "fetch"]

log = logging.getLogger(__name__)

RECEIPT = "fetched.json"
"""In the data set's folder: from where it is, under which licence, and what the archive was"""


def fetch(source: Source, out: Path, *, url: str | None = None, sha256: str | None = None, retries: int = 4) -> Path:
    """The data set in `out`, complete or not there; gives `out`.

    Parameters
    ----------
    url : a mirror of the same archive, instead of the official address
    sha256 : what the archive must be, beside the publisher's own checksum
    retries : attempts after the first that was cut

    Raises
    ------
    FetchError : it could not be downloaded; what has come is kept, and the next call goes on
    ArchiveError : it is not what was published, or not what it should hold; nothing is kept
    ConfigError : `out` is something else already
    """
    out = Path(out).resolve()
    if is_there(source, out, sha256):
        log.info("%s: there already", out)
        return out
    address = url or source.url
    archive, unpacked = out.with_name(f".{out.name}.download"), out.with_name(f".{out.name}.unpacking")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        download(address, archive, retries=retries)
        try:
            got = verified(source, archive, address, sha256)
            shutil.rmtree(unpacked, ignore_errors=True)
            unpack(archive, unpacked)
            place(source, unpacked, out, {"url": address, "sha256": got})
        except ArchiveError:
            discard(archive)
            raise
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
        discard(archive)
    except OSError as error:
        raise FetchError(f"{out}: a place to write to wanted. Got: {error}") from error
    return out


def is_there(source: Source, out: Path, sha256: str | None) -> bool:
    """Whether `out` holds the data set; a folder appears under its name only when it is complete.

    Raises
    ------
    ConfigError : `out` holds something else, or was made of another archive than the one wanted
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if not out.is_dir() or layout_of(out) is not source.layout:
        raise ConfigError(f"--out: a folder that is not there yet wanted. Got {out}, which is not {source.name}.")
    if sha256 is not None:
        receipt = out / RECEIPT
        known = json.loads(receipt.read_text(encoding="utf-8"))["sha256"] if receipt.is_file() else "no receipt"
        if known != sha256.lower():
            raise ConfigError(f"{out}: the archive with sha256 {sha256.lower()} wanted. Got {known} there already.")
    return True


def verified(source: Source, archive: Path, address: str, sha256: str | None) -> str:
    """The archive's SHA-256, after it was compared with what it must be."""
    got = digest_of(archive, "sha256")
    wanted = [] if source.checksum is None else [(source.checksum.algorithm, source.checksum.digest)]
    if sha256 is not None:
        wanted.append(("sha256", sha256.lower()))
    for algorithm, digest in wanted:
        found = got if algorithm == "sha256" else digest_of(archive, algorithm)
        if found != digest:
            raise ArchiveError(f"{address}: {algorithm} {digest} wanted. Got {found} instead; it is not kept.")
    known = "as wanted" if wanted else "the publisher gives none to compare it with; --sha256 pins it"
    log.info("sha256 %s (%s)", got, known)
    return got


def digest_of(path: Path, algorithm: str) -> str:
    """Of the file's bytes, hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def place(source: Source, unpacked: Path, out: Path, origin: dict[str, Any]) -> None:
    """Write the receipt and give the folder its name; the archive's only folder is the data set."""
    entries = list(unpacked.iterdir())
    folder = entries[0] if len(entries) == 1 and entries[0].is_dir() else unpacked
    if layout_of(folder) is not source.layout:
        raise ArchiveError(f"{origin['url']}: {source.layout.name} wanted. Got another content; it is not kept.")
    receipt = {"name": source.name, **origin, "licence": source.licence, "licence_url": source.licence_url}
    (folder / RECEIPT).write_text(json.dumps(receipt, indent=1) + "\n", encoding="utf-8")
    folder.rename(out)
