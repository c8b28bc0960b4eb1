"""The outbox: durable, bounded, numbered without gaps."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.outbox import Outbox
from edge.errors import ConfigError, PublishError

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


def payloads(outbox: Outbox) -> list[str]:
    return [pending.payload.decode() for pending in outbox.pending()]


def test_seq_has_no_gaps_and_starts_at_one(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 3)
    assert payloads(outbox) == ["event 001", "event 002", "event 003"]


def test_what_was_not_deleted_is_there_after_a_restart(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    put(outbox, 3)
    outbox.delete(outbox.pending()[0].row)
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


def test_a_folder_that_cannot_be_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="a writable outbox"):
        opened(tmp_path / "file")


def test_a_disk_that_refuses_is_a_publish_error(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(PublishError, match="room for one event wanted"):
        outbox.put("mic", lambda _seq: bytes(100_000))
    outbox._db.execute("PRAGMA max_page_count = 100000")
    put(outbox, 1)
    assert payloads(outbox) == ["event 001"]
