"""Whole, cut and gone on with, or refused: against a real server."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.errors import ConfigError
from tests.trainer.fetch.server import Site
from trainer.errors import FetchError
from trainer.fetch.download import download

CONTENT = bytes(range(256)) * 2000
HALF = len(CONTENT) // 2


@pytest.fixture
def path(tmp_path: Path, site: Site) -> Path:
    site.content = CONTENT
    return tmp_path / "file.download"


def ranges(site: Site) -> list[str | None]:
    return [headers.get("Range") for headers in site.asked]


def cut_once(site: Site, path: Path) -> None:
    """As a line does that breaks in the middle."""
    site.cuts = [HALF]
    with pytest.raises(FetchError, match=rf"Got: {HALF} of {len(CONTENT)} bytes; the same command goes on after"):
        download(site.url, path, retries=0)
    assert path.read_bytes() == CONTENT[:HALF]


def test_whole(site: Site, path: Path) -> None:
    download(site.url, path)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None]


def test_goes_on_within_one_call(site: Site, path: Path) -> None:
    site.cuts = [1000, 2000]
    download(site.url, path, wait_s=0.01)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, "bytes=1000-", "bytes=3000-"]
    assert site.asked[1]["If-Range"] == '"v1"'


def test_goes_on_in_a_later_call(site: Site, path: Path) -> None:
    cut_once(site, path)
    download(site.url, path)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, f"bytes={HALF}-"]


def test_goes_on_behind_a_redirection(site: Site, path: Path) -> None:
    site.url = site.url.replace("/data.bin", "/moved/data.bin")
    cut_once(site, path)
    download(site.url, path)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, f"bytes={HALF}-"]


def test_starts_anew_where_the_server_knows_no_ranges(site: Site, path: Path) -> None:
    cut_once(site, path)
    site.ranges = False
    download(site.url, path)
    assert path.read_bytes() == CONTENT


def test_starts_anew_when_the_file_changed(site: Site, path: Path) -> None:
    cut_once(site, path)
    site.content, site.etag = CONTENT[::-1], '"v2"'
    download(site.url, path)
    assert path.read_bytes() == CONTENT[::-1]


def test_starts_anew_when_the_server_overlooks_the_version(site: Site, path: Path) -> None:
    cut_once(site, path)
    site.content, site.etag, site.if_range = CONTENT[::-1], '"v2"', False
    download(site.url, path, wait_s=0.01)
    assert path.read_bytes() == CONTENT[::-1]
    assert ranges(site) == [None, f"bytes={HALF}-", None]


def test_starts_anew_when_another_part_comes(site: Site, path: Path) -> None:
    cut_once(site, path)
    site.skips = 7
    download(site.url, path, wait_s=0.01)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, f"bytes={HALF}-", None]


@pytest.mark.parametrize("etag", [None, 'W/"v1"'])
def test_starts_anew_without_a_version_to_name(site: Site, path: Path, etag: str | None) -> None:
    site.etag = etag
    cut_once(site, path)
    download(site.url, path)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, None]


def test_starts_anew_from_another_address(site: Site, path: Path) -> None:
    cut_once(site, path)
    download(f"{site.url}?mirror", path)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, None]


def test_a_whole_file_is_not_asked_for_again(site: Site, path: Path) -> None:
    download(site.url, path)
    download(site.url, path)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, f"bytes={len(CONTENT)}-"]


def test_starts_anew_when_the_file_became_shorter(site: Site, path: Path) -> None:
    cut_once(site, path)
    site.content = CONTENT[:100]
    download(site.url, path, wait_s=0.01)
    assert path.read_bytes() == CONTENT[:100]


def test_length_unknown_and_cut(site: Site, path: Path) -> None:
    site.chunked, site.cuts = True, [HALF]
    download(site.url, path, wait_s=0.01)
    assert path.read_bytes() == CONTENT
    assert ranges(site) == [None, f"bytes={HALF}-"]


def test_attempts_are_bounded(site: Site, path: Path) -> None:
    site.statuses = [503] * 10
    with pytest.raises(FetchError, match=r"data\.bin: the whole file wanted\. Got: HTTP 503 Service Unavailable\."):
        download(site.url, path, retries=2, wait_s=0.01)
    assert len(site.asked) == 3


def test_a_busy_server_is_asked_again(site: Site, path: Path) -> None:
    site.statuses = [503, 429]
    download(site.url, path, wait_s=0.01)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_final(site: Site, path: Path, status: int) -> None:
    site.statuses = [status]
    with pytest.raises(FetchError, match=rf"data\.bin: a file wanted\. Got HTTP {status} .* instead\."):
        download(site.url, path)
    assert len(site.asked) == 1
    assert not path.exists()


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
        with pytest.raises(FetchError, match=r"data\.bin: the whole file wanted\. Got: Connection refused\.$"):
            download(url, tmp_path / "file", retries=1, wait_s=0.01)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data.zip"])
def test_only_the_web(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--url: an address http://… or https://… wanted\. Got"):
        download(url, tmp_path / "file")
