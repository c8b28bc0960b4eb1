"""A real HTTP server on this machine, with the faults that servers and lines have."""

from __future__ import annotations

import http.server
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Site", "serve", "tar_of", "zip_of"]


@dataclass
class Site:
    """What the server holds and how it behaves; a test changes it between requests."""

    content: bytes = b""
    etag: str | None = '"v1"'
    ranges: bool = True
    if_range: bool = True
    """Compare If-Range, as a server must"""
    skips: int = 0
    """Bytes that a partial answer leaves out at its beginning, and says so"""
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next responses end early"""
    statuses: list[int] = field(default_factory=list)
    """Errors that the next responses are"""
    chunked: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    """Headers of every request so far"""
    url: str = ""


class Handler(http.server.BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        # A connection ends after its answer, so that a cut is a connection that ends early.
        self.handle_one_request()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        pass

    def do_GET(self) -> None:
        site = self.site
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
            return
        site.asked.append(dict(self.headers.items()))
        if site.statuses:
            self.send_error(site.statuses.pop(0))
            return
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = not site.if_range or self.headers.get("If-Range") == site.etag
        first = int(wanted[1]) if wanted and site.ranges and same else 0
        if first and first >= len(site.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(site.content)}")
            self.end_headers()
            return
        first += site.skips if first else 0
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(site.content) - 1}/{len(site.content)}")
        if site.etag is not None:
            self.send_header("ETag", site.etag)
        self.send_body(site.content[first:])

    def send_body(self, body: bytes) -> None:
        sent = body[: self.site.cuts.pop(0)] if self.site.cuts else body
        if self.site.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")
            if sent == body:
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(sent)


@contextmanager
def serve() -> Iterator[Site]:
    """A running server; its address is in `Site.url`."""
    site = Site()
    handler = type("SiteHandler", (Handler,), {"site": site})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}/data.bin"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def zip_of(root: Path, top: str) -> bytes:
    """As GitHub packs: everything below one folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{top}/", b"")
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            archive.write(path, f"{top}/{path.relative_to(root).as_posix()}")
    return buffer.getvalue()


def tar_of(root: Path, top: str) -> bytes:
    """`.` for an archive without a folder of its own, as Speech Commands is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(root, arcname=top)
    return buffer.getvalue()
