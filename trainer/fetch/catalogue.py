"""Where the published data sets are, under which licence, and what their archive must be."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.data.esc50 import ESC50
from trainer.data.fsdd import FSDD
from trainer.data.listing import Layout
from trainer.data.speech_commands import SPEECH_COMMANDS
from trainer.data.urbansound8k import URBANSOUND8K

__all__ = ["CATALOGUE", "Checksum", "Source"]


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of the archive, as its publisher gives it."""

    algorithm: str
    """A name that hashlib knows"""
    digest: str
    """Hex digits, lower case"""


@dataclass(frozen=True, slots=True)
class Source:
    """One published data set."""

    name: str
    """What `trainer data fetch` calls it"""
    layout: Layout
    """What the unpacked archive must look like"""
    holds: str
    url: str
    megabytes: int
    """Of the archive, about: for people"""
    licence: str
    licence_url: str
    page: str
    """Whom to cite, and how"""
    checksum: Checksum | None
    """None where the publisher gives none: the archive of a branch changes with every commit"""


CATALOGUE = {
    source.name: source
    for source in (
        Source(
            name="esc50",
            layout=ESC50,
            holds="2000 recordings of 50 classes, 5 s; ESC-10 is 400 of them (--variant esc10)",
            url="https://github.com/karoldvl/ESC-50/archive/master.zip",
            megabytes=600,
            licence="CC BY-NC 3.0 (the ESC-10 subset: CC BY 3.0)",
            licence_url="https://creativecommons.org/licenses/by-nc/3.0/",
            page="https://github.com/karoldvl/ESC-50",
            checksum=None,
        ),
        Source(
            name="urbansound8k",
            layout=URBANSOUND8K,
            holds="8732 slices of 10 classes, 4 s at most",
            url="https://zenodo.org/records/1203745/files/UrbanSound8K.tar.gz",
            megabytes=6000,
            licence="CC BY-NC 3.0",
            licence_url="https://creativecommons.org/licenses/by-nc/3.0/",
            page="https://zenodo.org/records/1203745",
            checksum=Checksum("md5", "9aa69802bbf37fb986f71ec1483a196e"),
        ),
        Source(
            name="fsdd",
            layout=FSDD,
            holds="3000 recordings of 10 spoken digits by 6 speakers, about half a second",
            url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/master.zip",
            megabytes=20,
            licence="CC BY-SA 4.0",
            licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
            page="https://github.com/Jakobovski/free-spoken-digit-dataset",
            checksum=None,
        ),
        Source(
            name="speech_commands",
            layout=SPEECH_COMMANDS,
            holds="105829 recordings of 35 words, 1 s (version 0.02)",
            url="http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            megabytes=2400,
            licence="CC BY 4.0",
            licence_url="https://creativecommons.org/licenses/by/4.0/",
            page="https://arxiv.org/abs/1804.03209",
            checksum=Checksum("sha256", "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"),
        ),
    )
}
