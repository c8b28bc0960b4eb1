"""The outbox: durable, bounded, numbered without gaps."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.outbox import Gap, Outbox
from edge.errors import ConfigError

OPENED: list[Outbox] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def opened(path: Path, max_bytes: int = 10_000) -> Outbox:
    OPENED.append(Outbox(path / "outbox.sqlite", max_bytes=max_bytes))
    return OPENED[-1]


def put(outbox: Outbox, n: int) -> None:
    for _ in range(n):
        outbox.put("mic", lambda seq: f"event {seq:03d}".encode())


def on_disk(outbox: Outbox) -> bool:
    return outbox.refusal is None


def payloads(outbox: Outbox) -> list[str]:
    return [pending.payload.decode() for pending in outbox.pending()]


def test_seq_has_no_gaps_and_starts_at_one(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 3)
    assert payloads(outbox) == ["event 001", "event 002", "event 003"]


def test_what_was_not_deleted_is_there_after_a_restart(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 3)
    outbox.delete([outbox.pending()[0].row])
    outbox.close()
    again = opened(tmp_path)
    assert payloads(again) == ["event 002", "event 003"]
    assert again.previous == (outbox.boot_id, 3)
    assert again.boot_id != outbox.boot_id


def test_the_first_run_has_no_previous(tmp_path: Path) -> None:
    assert opened(tmp_path).previous is None


def test_a_failed_put_uses_up_no_seq_and_stores_nothing(tmp_path: Path) -> None:
    outbox = opened(tmp_path)

    def fail(_seq: int) -> bytes:
        raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        outbox.put("mic", fail)
    put(outbox, 1)
    assert payloads(outbox) == ["event 001"]


def test_a_full_outbox_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    outbox = opened(tmp_path, max_bytes=30)
    put(outbox, 5)
    assert payloads(outbox) == ["event 003", "event 004", "event 005"]
    assert outbox.dropped == 2
    outbox.close()
    again = opened(tmp_path, max_bytes=30)
    put(again, 1)
    assert payloads(again) == ["event 004", "event 005", "event 001"]


def test_pending_goes_on_after_a_row(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 5)
    first = outbox.pending(limit=2)
    rest = outbox.pending(after=first[-1].row)
    assert [pending.payload for pending in rest] == [b"event 003", b"event 004", b"event 005"]
    assert outbox.newest_row() == rest[-1].row


def test_events_survive_kill_9(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from edge.daemon.outbox import Outbox
        outbox = Outbox(Path(sys.argv[1]) / "outbox.sqlite", max_bytes=10_000)
        for _ in range(7):
            outbox.put("mic", lambda seq: b"event %03d" % seq)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], check=False)
    assert died.returncode == -9
    outbox = opened(tmp_path)
    assert len(outbox) == 7
    assert outbox.previous is not None
    assert outbox.previous[1] == 7


def test_a_damaged_file_is_moved_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"this is not a database, it only has its name" * 100)
    outbox = opened(tmp_path)
    put(outbox, 1)
    assert len(outbox) == 1
    assert len(list(tmp_path.glob("outbox.sqlite.broken-*"))) == 1
    assert "an outbox wanted" in caplog.text


def test_a_second_daemon_on_the_same_outbox_is_refused(tmp_path: Path) -> None:
    first = opened(tmp_path)
    put(first, 1)
    with pytest.raises(ConfigError, match="of this daemon alone wanted"):
        opened(tmp_path)


def test_a_folder_that_cannot_be_is_memory_and_an_error_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    outbox = opened(tmp_path / "file")
    put(outbox, 2)
    assert payloads(outbox) == ["event 001", "event 002"]
    assert not on_disk(outbox)
    assert "they are kept in memory" in caplog.text
    (tmp_path / "file").unlink()
    outbox.back_to_disk()
    assert on_disk(outbox)
    outbox.close()
    assert payloads(opened(tmp_path / "file")) == ["event 001", "event 002"]


def test_a_full_outbox_keeps_the_numbers_of_what_it_dropped(tmp_path: Path) -> None:
    outbox = opened(tmp_path, max_bytes=30)
    put(outbox, 3)
    outbox.delete([pending.row for pending in outbox.pending()][1:2])
    put(outbox, 2)
    assert payloads(outbox) == ["event 003", "event 004", "event 005"]
    assert outbox.gaps() == [Gap(outbox.boot_id, 1, 1)]
    put(outbox, 3)
    assert outbox.gaps() == [Gap(outbox.boot_id, 1, 1), Gap(outbox.boot_id, 3, 5)]
    outbox.close()
    again = opened(tmp_path, max_bytes=30)
    put(again, 1)
    assert again.gaps()[-1] == Gap(outbox.boot_id, 3, 6)


def test_the_file_is_bounded_as_its_events_are(tmp_path: Path) -> None:
    outbox = opened(tmp_path, max_bytes=200_000)
    for _ in range(1500):
        outbox.put("mic", lambda _seq: bytes(4000))
    n_bytes = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert len(outbox) == 50
    assert n_bytes < 2_000_000, "6 MB went through a database of 0.2 MB and a log of 1 MB"


def test_a_file_damaged_while_it_is_open_is_set_aside_and_the_numbers_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = opened(tmp_path, max_bytes=20_000_000)
    for _ in range(500):
        outbox.put("mic", lambda seq: f"event {seq:03d}".encode() + bytes(12_000))
    outbox._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / "outbox.sqlite"
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (path.stat().st_size - 8192))
    last = outbox.newest_row()
    assert outbox.pending(limit=1000) == []
    assert outbox.set_aside == 1
    put(outbox, 1)
    assert payloads(outbox) == ["event 501"]
    assert outbox.newest_row() == last + 1, "rows go on, or the publisher would not see it"
    assert len(list(tmp_path.glob("outbox.sqlite.broken-*"))) == 1
    assert "malformed" in caplog.text


def test_a_file_of_another_layout_is_set_aside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        db.execute("CREATE TABLE events (row INTEGER PRIMARY KEY, source TEXT, payload BLOB)")
    db.close()
    outbox = opened(tmp_path)
    assert outbox.set_aside == 1
    put(outbox, 1)


def test_a_broken_page_is_found_when_it_is_opened(tmp_path: Path) -> None:
    outbox = opened(tmp_path, max_bytes=10_000_000)
    for _ in range(100):
        outbox.put("mic", lambda _seq: bytes(3000))
    outbox.close()
    path = tmp_path / "outbox.sqlite"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 8192)
    again = opened(tmp_path)
    assert again.set_aside == 1
    put(again, 1)
    assert payloads(again) == ["event 001"]


def test_memory_takes_events_when_the_disk_refuses_and_gives_them_back(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 1)
    outbox._db.execute("PRAGMA max_page_count = 1")
    outbox.put("mic", lambda _seq: bytes(9000))
    assert outbox.refusal == "database or disk is full"
    put(outbox, 1)
    outbox.delete([outbox.pending()[1].row])
    assert payloads(outbox) == ["event 001", "event 003"]
    outbox.back_to_disk()
    assert on_disk(outbox)
    put(outbox, 1)
    outbox.close()
    again = opened(tmp_path)
    assert payloads(again) == ["event 001", "event 003", "event 004"]
    assert again.previous == (outbox.boot_id, 4)


FULL_DISK = """
    import os, sys
    from pathlib import Path
    from edge.daemon.outbox import Outbox
    folder = Path(sys.argv[1])
    outbox = Outbox(folder / "outbox.sqlite", max_bytes=10_000_000)
    for _ in range(5):
        outbox.put("mic", lambda seq: b"event %03d" % seq)
    if sys.argv[2] == "full":
        ballast = os.open(folder / "ballast", os.O_CREAT | os.O_WRONLY)
        try:
            while True:
                os.write(ballast, bytes(4096))
        except OSError:
            os.close(ballast)
    else:
        outbox.close()
        assert os.system(f"mount -o remount,ro {folder}") == 0
        outbox = Outbox(folder / "outbox.sqlite", max_bytes=10_000_000)
    for _ in range(200):
        outbox.put("mic", lambda seq: b"event %03d" % seq + bytes(500))
    print(outbox.refusal, len(outbox))
    if sys.argv[2] == "full":
        (folder / "ballast").unlink()
    else:
        assert os.system(f"mount -o remount,rw {folder}") == 0
    outbox.back_to_disk()
    print(outbox.refusal)
    boot_id = outbox.boot_id
    outbox.close()
    again = Outbox(folder / "outbox.sqlite", max_bytes=10_000_000)
    print(len(again), again.previous == (boot_id, outbox._seq), again.pending()[0].payload)
"""


@pytest.mark.parametrize(
    ("fault", "refusal", "n_events"), [("full", "database or disk is full", 205), ("read-only", "disk I/O error", 200)]
)
def test_a_real_disk_that_is_full_or_read_only(tmp_path: Path, fault: str, refusal: str, n_events: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(FULL_DISK))
    folder = tmp_path / "disk"
    folder.mkdir()
    inside = f"mount -t tmpfs -o size=4m none {folder} && exec {sys.executable} {script} {folder} {fault}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", inside], capture_output=True, text=True, check=False)
    if "peration not permitted" in done.stderr or "ermission denied" in done.stderr:
        pytest.skip(f"permission to mount wanted. Got: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{refusal} {n_events}", "None", "205 True b'event 001'"]
    assert "they are kept in memory" in done.stderr
