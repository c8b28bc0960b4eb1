"""One file over HTTP, going on where an earlier attempt was cut.

What has come lies in `path`, and beside it, in `path.json`, from where and which version it is. A
later attempt asks for the rest with Range, and with If-Range for the rest of that version only
(RFC 9110, section 13.1.5). A server that has another version, or does not know ranges, answers with
the whole, and the file starts anew.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from edge import __version__
from edge.errors import ConfigError
from trainer.errors import FetchError

__all__ = ["discard", "download"]

log = logging.getLogger(__name__)

TIMEOUT_S = 30.0
"""Without a byte"""
WAIT_MAX_S = 60.0
BLOCK = 1 << 20
PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers that another attempt may change"""


class InterruptedDownloadError(Exception):
    """One attempt ended early; another may go on."""


@dataclass(frozen=True, slots=True)
class Held:
    """What earlier attempts left."""

    n_bytes: int
    version: str
    """A strong ETag, or the date of the last change"""


def download(url: str, path: Path, *, retries: int = 4, wait_s: float = 1.0) -> None:
    """Bring `url` to `path`; at most `retries` attempts after the first, `wait_s` and then twice as long apart.

    Raises
    ------
    FetchError : nobody answers, the address is refused, or the last attempt was cut too; what has come stays
    ConfigError : not an address of the web
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--url: an address http://… or https://… wanted. Got {url} instead.")
    for attempt in range(retries + 1):
        try:
            go_on(url, path)
        except InterruptedDownloadError as error:
            if attempt == retries:
                n_bytes = path.stat().st_size if path.exists() else 0
                kept = f"; the same command goes on after the {n_bytes} bytes that came" if n_bytes else ""
                raise FetchError(f"{url}: the whole file wanted. Got: {error}{kept}.") from error
            wait = min(wait_s * 2.0**attempt, WAIT_MAX_S)
            log.warning("%s; again in %g s (%d of %d)", error, wait, attempt + 1, retries)
            time.sleep(wait)
        else:
            return


def go_on(url: str, path: Path) -> None:
    """One attempt: the rest of what is held, or the whole."""
    held = held_of(url, path)
    try:
        response = ask(url, held)
    except urllib.error.HTTPError as error:
        with error:
            if held and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                if error.headers.get("Content-Range") == f"bytes */{held.n_bytes}":
                    return
                discard(path)
                raise InterruptedDownloadError("another length than before") from error
            if error.code in PASSING:
                raise InterruptedDownloadError(f"HTTP {error.code} {error.reason}") from error
            raise FetchError(f"{url}: a file wanted. Got HTTP {error.code} {error.reason} instead.") from error
    except (OSError, http.client.HTTPException) as error:
        raise InterruptedDownloadError(reason_of(error)) from error
    with response:
        start = start_of(response, held, path)
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        if start == 0:
            # The old bytes go before the new version is noted: a crash in between must not mix them.
            discard(path)
            remember(url, path, version_of(response.headers))
        write(response, path, start, total)
    if total is not None and path.stat().st_size != total:
        raise InterruptedDownloadError(f"{path.stat().st_size} of {total} bytes")


def ask(url: str, held: Held | None) -> Any:
    """The open response; an HTTPError for every status that is not about success."""
    headers = {"User-Agent": f"tympan/{__version__}", "Accept-Encoding": "identity"}
    if held:
        headers |= {"Range": f"bytes={held.n_bytes}-", "If-Range": held.version}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - `download` lets http and https pass alone
    return urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310 - as above


def start_of(response: Any, held: Held | None, path: Path) -> int:
    """Where the body belongs: behind what is held if it is the rest of it, else at the beginning."""
    if response.status != http.client.PARTIAL_CONTENT:
        if held:
            log.info("the server sends the whole file: starting anew")
        return 0
    place = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    version = version_of(response.headers)
    if held and place and int(place[1]) == held.n_bytes and version in (None, held.version):
        log.info("going on after %d bytes", held.n_bytes)
        return held.n_bytes
    discard(path)
    raise InterruptedDownloadError("another part than the rest of what is here")


def write(response: Any, path: Path, start: int, total: int | None) -> None:
    """Append the body to what is there before it."""
    with (
        path.open("ab") as file,
        tqdm(total=total, initial=start, desc="download", unit="B", unit_scale=True, disable=None) as bar,
    ):
        for block in blocks_of(response):
            file.write(block)
            bar.update(len(block))


def blocks_of(response: Any) -> Iterator[bytes]:
    """The body, block by block; what has come before a cut is given."""
    while True:
        try:
            block = response.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise InterruptedDownloadError(reason_of(error)) from error
        if not block:
            return
        yield block


def held_of(url: str, path: Path) -> Held | None:
    """What can be gone on with: bytes of this address in a known version."""
    try:
        noted = json.loads(note_of(path).read_text(encoding="utf-8"))
        n_bytes = path.stat().st_size
    except (FileNotFoundError, ValueError):
        return None
    if n_bytes == 0 or noted.get("url") != url or not noted.get("version"):
        return None
    return Held(n_bytes=n_bytes, version=noted["version"])


def remember(url: str, path: Path, version: str | None) -> None:
    """Note beside the file what its bytes are of."""
    note_of(path).write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")


def discard(path: Path) -> None:
    """Forget what has come."""
    path.unlink(missing_ok=True)
    note_of(path).unlink(missing_ok=True)


def note_of(path: Path) -> Path:
    """The note's place."""
    return path.with_name(f"{path.name}.json")


def version_of(headers: Any) -> str | None:
    """A strong ETag, else the date of the last change: what If-Range can name."""
    etag: str | None = headers.get("ETag")
    if etag is not None and not etag.startswith("W/"):
        return etag
    changed: str | None = headers.get("Last-Modified")
    return changed


def reason_of(error: Exception) -> str:
    """What a network error says, without its wrapping."""
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)
