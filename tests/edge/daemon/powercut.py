"""What a disk may hold after a power cut: the writes of a traced process, replayed up to each fsync.

Between two fsyncs of a file the kernel may have written nothing of what the process wrote, all of
it, or all but half of the last write. `cuts` gives every combination over the files.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["CALLS", "Cut", "cuts"]

CALLS = "pwrite64,write,fsync,fdatasync,ftruncate,unlink"
CALL = re.compile(r"\d+ +(\w+)\((?:(\d+)<([^>]*)>|\"([^\"]*)\")(?:, (.*))?\) += (\d+)$")
DATA = re.compile(r'"([^"]*)", (\d+)(?:, (\d+))?')


@dataclass
class File:
    """What is surely on disk, and the writes since: (offset, bytes), or (length, None) for a truncation."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def states(self) -> list[bytes]:
        """Nothing of the latest writes, all of them, all with the last one torn."""
        if not self.since:
            return [bytes(self.durable)]
        torn = list(self.since)
        at, data = torn[-1]
        torn[-1] = (at, data if data is None else data[: len(data) // 2])
        return [bytes(_applied(self.durable, writes)) for writes in ([], self.since, torn)]

    def sync(self) -> None:
        self.durable, self.since = _applied(self.durable, self.since), []


@dataclass(frozen=True)
class Cut:
    """One possible disk, and what the process had said until then."""

    files: dict[str, bytes]
    said: str


def cuts(trace: str, folder: Path) -> Iterator[Cut]:
    """Every disk just before and just after each fsync in strace's output (-f -y -xx)."""
    files: dict[str, File] = {}
    said = ""
    for line in trace.splitlines():
        found = CALL.match(line)
        if found is None:
            continue
        name, number, opened, named, args, _result = found.groups()
        path = Path(_bytes(opened or named or "").decode(errors="replace"))
        if number == "1" and name == "write":
            said += _bytes(DATA.match(args)[1]).decode()  # type: ignore[index]  # strace writes it so
        if path.parent != folder:
            continue
        file = files.setdefault(path.name, File())
        if name in {"write", "pwrite64"}:
            data = DATA.match(args)
            assert data is not None, line
            file.since.append((int(data[3] or 0), _bytes(data[1])))
        elif name == "ftruncate":
            file.since.append((int(args), None))
        elif name == "unlink":
            del files[path.name]
        else:
            yield from _disks(files, said)
            file.sync()
            yield from _disks(files, said)


def _disks(files: dict[str, File], said: str) -> Iterator[Cut]:
    for states in itertools.product(*(file.states() for file in files.values())):
        yield Cut(dict(zip(files, states, strict=True)), said)


def _applied(content: bytearray, writes: list[tuple[int, bytes | None]]) -> bytearray:
    after = bytearray(content)
    for at, data in writes:
        if data is None:
            del after[at:]
        else:
            after.extend(bytes(max(0, at + len(data) - len(after))))
            after[at : at + len(data)] = data
    return after


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))
