"""`trainer data fetch` from a server to a folder that `trainer fit` reads."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.trainer.fetch.server import Site, tar_of, zip_of
from tests.trainer.layouts import write_esc50, write_fsdd, write_speech_commands, write_urban
from trainer.cli import main
from trainer.data import load_dataset
from trainer.errors import FetchError
from trainer.fetch import CATALOGUE, Checksum, run

Fetch = Callable[..., int]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "here" / "sounds"


@pytest.fixture
def fetch(site: Site, out: Path) -> Fetch:
    def call(name: str, *options: str) -> int:
        return main(["data", "fetch", name, "--out", str(out), "--url", site.url, "--retries", "0", *options])

    return call


@pytest.fixture
def digits(tmp_path: Path, site: Site) -> bytes:
    site.content = zip_of(write_fsdd(tmp_path / "made", digits=range(2), n_takes=2), "free-spoken-digit-dataset-master")
    return site.content


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if line.startswith("trainer: ")]
    assert len(lines) == 1, "one sentence wanted"
    return lines[0]


@dataclass(frozen=True)
class Published:
    """An archive as its publisher packs it."""

    name: str
    write: Callable[[Path], Path]
    pack: Callable[[Path, str], bytes]
    top: str


PUBLISHED = [
    Published("esc50", write_esc50, zip_of, "ESC-50-master"),
    Published("urbansound8k", write_urban, tar_of, "UrbanSound8K"),
    Published("fsdd", write_fsdd, zip_of, "free-spoken-digit-dataset-master"),
    Published("speech_commands", write_speech_commands, tar_of, "."),
]


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda each: each.name)
def test_what_is_fetched_can_be_read(
    published: Published,
    site: Site,
    out: Path,
    fetch: Fetch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = published.write(tmp_path / "made")
    site.content = published.pack(made, published.top)
    digest = hashlib.sha256(site.content).hexdigest()
    source = CATALOGUE[published.name]
    if source.checksum is not None:
        # The published checksum is of the published archive; this one is made.
        source = replace(source, checksum=Checksum("sha256", digest))
        monkeypatch.setitem(CATALOGUE, published.name, source)
    assert fetch(published.name) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out}\n"
    assert digest in captured.err
    assert "\r" not in captured.err, "a progress bar where there is no terminal"
    assert load_dataset(out).sha256 == load_dataset(made).sha256
    assert [path.name for path in out.parent.iterdir()] == ["sounds"]
    receipt = json.loads((out / "fetched.json").read_text(encoding="utf-8"))
    assert (receipt["url"], receipt["sha256"]) == (site.url, digest)
    assert receipt["licence"] == source.licence


def test_a_cut_download_goes_on_with_the_same_command(
    site: Site, digits: bytes, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    site.cuts = [5000]
    assert fetch("fsdd") == 69
    assert "the same command goes on after the 5000 bytes that came" in error_of(capsys)
    assert not out.exists()
    assert fetch("fsdd") == 0
    assert site.asked[1]["Range"] == "bytes=5000-"
    assert len(load_dataset(out).clips) == 24


def test_the_licence_comes_before_the_first_byte(
    out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def ask(*args: object, **options: object) -> None:
        shown.append(capsys.readouterr().err)
        raise FetchError("far enough")

    monkeypatch.setattr(run, "download", ask)
    assert fetch("esc50") == 69
    assert "licence   CC BY-NC 3.0 (the ESC-10 subset: CC BY 3.0)" in shown[0]


def test_wrong_checksum_of_the_user(
    site: Site, digits: bytes, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch("fsdd", "--sha256", "ab" * 32) == 65
    got = hashlib.sha256(digits).hexdigest()
    assert f"sha256 {'ab' * 32} wanted. Got {got} instead; it is not kept." in error_of(capsys)
    assert list(out.parent.iterdir()) == []
    assert fetch("fsdd", "--sha256", got.upper()) == 0
    assert site.asked[1].get("Range") is None


@pytest.mark.parametrize(("name", "algorithm"), [("urbansound8k", "md5"), ("speech_commands", "sha256")])
def test_wrong_checksum_of_the_publisher(
    name: str, algorithm: str, digits: bytes, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(name) == 65
    checksum = CATALOGUE[name].checksum
    assert checksum is not None
    assert f"{algorithm} {checksum.digest} wanted. Got " in error_of(capsys)
    assert list(out.parent.iterdir()) == []


def test_hostile_archive(
    site: Site, out: Path, fetch: Fetch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.content = zip_of(write_fsdd(tmp_path / "made", digits=range(2)), "../../evil")
    assert fetch("fsdd") == 65
    assert "names below its own folder wanted. Got '../../evil/' instead." in error_of(capsys)
    assert list(out.parent.iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_archive_of_something_else(digits: bytes, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("esc50") == 65
    assert "ESC-50 wanted. Got another content; it is not kept." in error_of(capsys)
    assert list(out.parent.iterdir()) == []


def test_not_found(site: Site, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    site.statuses = [404]
    assert fetch("fsdd") == 69
    assert error_of(capsys) == f"trainer: {site.url}: a file wanted. Got HTTP 404 Not Found instead."
    assert not out.exists()


def test_offline(site: Site, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        site.url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
        assert fetch("fsdd") == 69
    assert error_of(capsys).endswith("the whole file wanted. Got: Connection refused.")


def test_already_there(site: Site, digits: bytes, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("fsdd") == 0
    capsys.readouterr()
    assert fetch("fsdd") == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert len(site.asked) == 1
    assert fetch("fsdd", "--sha256", "ab" * 32) == 78
    got = hashlib.sha256(digits).hexdigest()
    assert f"the archive with sha256 {'ab' * 32} wanted. Got {got} there already." in error_of(capsys)


def test_something_else_is_there(site: Site, out: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    out.mkdir(parents=True)
    (out / "thesis.txt").write_text("mine")
    assert fetch("fsdd") == 78
    assert f"a folder that is not there yet wanted. Got {out}, which is not fsdd." in error_of(capsys)
    assert (out / "thesis.txt").read_text() == "mine"
    assert site.asked == []


def test_nowhere_to_write(out: Path, digits: bytes, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    out.parent.write_text("a file")
    assert fetch("fsdd") == 69
    assert "a place to write to wanted. Got: " in error_of(capsys)


def test_unknown_name(fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("esc51") == 78
    assert "one of esc50, urbansound8k, fsdd, speech_commands wanted. Got esc51 instead." in error_of(capsys)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    text = capsys.readouterr().out
    for source in CATALOGUE.values():
        assert source.url in text
        assert source.licence in text
    assert text.count("none published; the sha256 that came is printed") == 2
    assert main(["data", "list", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(CATALOGUE)


@pytest.mark.parametrize(
    "argv",
    [["fetch", "esc50"], ["fetch", "esc50", "--out", "x", "--sha256", "abc"], []],
)
def test_usage_errors_end_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", *argv])
    assert caught.value.code == 2
