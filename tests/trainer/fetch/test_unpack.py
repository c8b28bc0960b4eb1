"""Archives that try to leave their folder, or are not what they say."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.errors import ArchiveError
from trainer.fetch.unpack import SMALL, unpack

Add = Callable[[str, bytes], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    return tmp_path / "inner" / "unpacked"


def write_zip(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members:
            archive.writestr(info, content)
    return path


def write_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def tar_link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def refused(archive: Path, folder: Path, sentence: str) -> None:
    around = sorted(folder.parent.parent.rglob("*"))
    with pytest.raises(ArchiveError, match=sentence):
        unpack(archive, folder)
    assert sorted(folder.parent.parent.rglob("*")) == around, "something was written beside, or left behind"


def test_files_and_folders(tmp_path: Path, folder: Path) -> None:
    unpack(write_zip(tmp_path / "a.zip", ("top/", b""), ("top/a/b.wav", b"sound")), folder)
    assert (folder / "top/a/b.wav").read_bytes() == b"sound"


def test_a_tar_of_the_folder_itself(tmp_path: Path, folder: Path) -> None:
    root = tarfile.TarInfo("./")
    root.type = tarfile.DIRTYPE
    unpack(write_tar(tmp_path / "a.tar.gz", (root, b""), (tarfile.TarInfo("./a/b.wav"), b"sound")), folder)
    assert (folder / "a/b.wav").read_bytes() == b"sound"


@pytest.mark.parametrize("name", ["../out.wav", "top/../../out.wav", "/tmp/out.wav", "..\\out.wav", "a/.."])
def test_names_that_leave(name: str, tmp_path: Path, folder: Path) -> None:
    sentence = r"names below its own folder wanted\. Got "
    refused(write_zip(tmp_path / "a.zip", ("ok.wav", b"x"), (name, b"out")), folder, sentence)
    refused(write_tar(tmp_path / "a.tar.gz", (tarfile.TarInfo(name), b"out")), folder, sentence)


@pytest.mark.parametrize(
    "link",
    [
        tar_link("top/link", "../../outside"),
        tar_link("top/link", "/etc"),
        tar_link("top/link", "a.wav"),
        tar_link("top/link", "/etc/passwd", tarfile.LNKTYPE),
        tar_link("top/pipe", "", tarfile.FIFOTYPE),
        tar_link("top/device", "", tarfile.CHRTYPE),
    ],
    ids=["up", "absolute", "inside", "hard", "pipe", "device"],
)
def test_what_is_no_file_in_a_tar(link: tarfile.TarInfo, tmp_path: Path, folder: Path) -> None:
    through = (tarfile.TarInfo("top/link/x.wav"), b"through the link")
    archive = write_tar(tmp_path / "a.tar.gz", (tarfile.TarInfo("top/a.wav"), b"x"), (link, b""), through)
    refused(archive, folder, r"plain files and folders inside wanted\. Got 'top/")


def test_a_link_in_a_zip(tmp_path: Path, folder: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", (zip_link("top/link"), b"/etc"), ("top/link/x.wav", b"x"))
    refused(archive, folder, r"plain files and folders inside wanted\. Got 'top/link'")


def test_more_than_the_archive_can_explain(tmp_path: Path, folder: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", ("bomb.wav", bytes(SMALL + 1)))
    refused(archive, folder, r"at most 50 times its size inside wanted\. Got more instead\.")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b")])
def test_one_name_twice(names: tuple[str, str], tmp_path: Path, folder: Path) -> None:
    refused(write_zip(tmp_path / "a.zip", *((name, b"x") for name in names)), folder, r"every name once wanted\.")


def test_damage(tmp_path: Path, folder: Path) -> None:
    sentence = r"a whole zip or tar\.gz archive wanted\. Got: "
    (tmp_path / "page.html").write_text("<html>sign in</html>")
    refused(tmp_path / "page.html", folder, sentence)
    whole = write_tar(tmp_path / "a.tar.gz", (tarfile.TarInfo("a.wav"), bytes(range(256)) * 400)).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "cut.tar.gz", folder, sentence)
    flipped = bytearray(write_zip(tmp_path / "a.zip", ("a.wav", b"sound" * 9)).read_bytes())
    flipped[38] ^= 1
    (tmp_path / "flipped.zip").write_bytes(flipped)
    refused(tmp_path / "flipped.zip", folder, sentence)
