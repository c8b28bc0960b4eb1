"""The outbox through power cuts and kills: every disk opens, no committed event is lost, none is invented."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.outbox import Outbox
from tests.edge.daemon.powercut import CALLS, cuts
from tests.mosquitto import need_programs

WRITER = """
    import os, sys
    from pathlib import Path
    from edge.daemon.outbox import Outbox
    outbox = Outbox(Path(sys.argv[1]) / "outbox.sqlite", max_bytes=10_000_000)
    outbox._db.execute("PRAGMA wal_autocheckpoint = 12")
    for i in range(int(sys.argv[2])):
        os.write(1, b"begin %d\\n" % (i + 1))
        outbox.put("mic", lambda seq: b"%d " % seq + bytes(700))
        os.write(1, b"have %d\\n" % (i + 1))
        if i % 3 == 2:
            oldest = outbox.pending(limit=1)[0]
            os.write(1, b"gone %d\\n" % int(oldest.payload.split()[0]))
            outbox.delete([oldest.row])
"""


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """On a disk that costs nothing to sync, where there is one: some thousand copies are opened."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def numbers(said: str, word: str) -> set[int]:
    return {int(line.split()[1]) for line in said.splitlines() if line.startswith(word + " ") and line.split()[1:]}


def seqs(outbox: Outbox) -> list[int]:
    return [int(pending.payload.split()[0]) for pending in outbox.pending(limit=100_000)]


def test_every_disk_that_a_power_cut_may_leave_opens_and_has_every_committed_event(memory_folder: Path) -> None:
    need_programs("strace", "strace")
    writer = memory_folder / "writer.py"
    writer.write_text(textwrap.dedent(WRITER))
    folder = memory_folder / "traced"
    folder.mkdir()
    trace = memory_folder / "trace"
    command = ["strace", "-f", "-y", "-xx", "-s", "100000", "-e", f"trace={CALLS}", "-o", str(trace)]
    done = subprocess.run(
        [*command, sys.executable, str(writer), str(folder), "60"], capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr:
        pytest.skip(f"permission to trace wanted. Got: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr

    seen: set[object] = set()
    for cut in cuts(trace.read_text(), folder):
        key = (tuple(cut.files.items()), cut.said)
        if key in seen:
            continue
        seen.add(key)
        copy = memory_folder / "copy"
        copy.mkdir()
        for name, content in cut.files.items():
            (copy / name).write_bytes(content)
        outbox = Outbox(copy / "outbox.sqlite", max_bytes=10_000_000)
        have, begun, gone = (numbers(cut.said, word) for word in ("have", "begin", "gone"))
        kept = seqs(outbox)
        assert outbox.set_aside == 0
        assert have - gone <= set(kept) <= begun
        assert kept == sorted(kept)
        if have:
            assert outbox.previous is not None
            assert outbox.previous[1] >= max(have)
        outbox.close()
        for path in copy.iterdir():
            path.unlink()
        copy.rmdir()
    print(f"{len(seen)} disks opened")
    assert len(seen) > 300


def test_twenty_kills_in_the_middle_lose_nothing(tmp_path: Path) -> None:
    writer = tmp_path / "writer.py"
    writer.write_text(textwrap.dedent(WRITER))
    rng = random.Random(5)
    n_events = 0
    for i in range(20):
        folder = tmp_path / str(i)
        with (tmp_path / "said").open("w+") as said:
            process = subprocess.Popen([sys.executable, str(writer), str(folder), "100000"], stdout=said)
            while not numbers((tmp_path / "said").read_text(), "have"):
                assert process.poll() is None
            time.sleep(rng.uniform(0, 0.2))
            process.kill()
            process.wait()
            said.seek(0)
            text = said.read()
        outbox = Outbox(folder / "outbox.sqlite", max_bytes=100_000_000)
        have, begun, gone = (numbers(text, word) for word in ("have", "begin", "gone"))
        assert have - gone <= set(seqs(outbox)) <= begun
        assert outbox.previous is not None
        assert max(have) <= outbox.previous[1] <= max(begun)
        n_events += len(have)
        outbox.close()
    print(f"{n_events} events committed before 20 kills")
