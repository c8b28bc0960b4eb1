"""Events on disk until the broker has them: written before they are sent, deleted on PUBACK.

SQLite in WAL mode with synchronous = FULL survives kill -9 and power cuts. `seq` is given inside
the transaction that stores the event, so it has no gaps within a boot; a full outbox drops the
oldest events, and a subscriber sees that as a gap.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigError, PublishError

__all__ = ["Outbox", "Pending"]

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS boots (n INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE, last_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    row INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, payload BLOB NOT NULL);
"""
KEPT_BOOTS = 16


@dataclass(frozen=True, slots=True)
class Pending:
    """One stored event."""

    row: int
    source: str
    payload: bytes


class Outbox:
    """One file, used by the inference thread (put) and the publish thread (the rest)."""

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.boot_id = uuid.uuid4().hex
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self.dropped = 0
        """Events pushed out by newer ones since the start"""
        self._db = _open_or_renew(path)
        with self._db as db:
            row = db.execute("SELECT boot_id, last_seq FROM boots ORDER BY n DESC LIMIT 1").fetchone()
            self.previous: tuple[str, int] | None = None if row is None else (row[0], row[1])
            """boot_id and last seq of the run before this one"""
            db.execute("INSERT INTO boots (boot_id, last_seq) VALUES (?, 0)", (self.boot_id,))
            db.execute("DELETE FROM boots WHERE n <= (SELECT max(n) FROM boots) - ?", (KEPT_BOOTS,))
            self._bytes: int = db.execute("SELECT coalesce(sum(length(payload)), 0) FROM events").fetchone()[0]

    def put(self, source: str, payload_of: Callable[[int], bytes]) -> Pending:
        """Store one event durably; `payload_of` is given its seq.

        Raises
        ------
        PublishError : the disk refused it; the seq is not used up
        """
        with self._lock:
            try:
                with self._db as db:
                    db.execute("UPDATE boots SET last_seq = last_seq + 1 WHERE boot_id = ?", (self.boot_id,))
                    (seq,) = db.execute("SELECT last_seq FROM boots WHERE boot_id = ?", (self.boot_id,)).fetchone()
                    payload = payload_of(seq)
                    dropped, freed = self._make_room(len(payload))
                    row = db.execute("INSERT INTO events (source, payload) VALUES (?, ?)", (source, payload)).lastrowid
            except sqlite3.Error as error:
                raise PublishError(f"outbox: room for one event wanted. Got: {error}") from error
            self.dropped += dropped
            self._bytes += len(payload) - freed
            return Pending(row or 0, source, payload)

    def pending(self, *, after: int = 0, limit: int = 100) -> list[Pending]:
        """The oldest stored events with a row above `after`."""
        with self._lock:
            rows = self._db.execute(
                "SELECT row, source, payload FROM events WHERE row > ? ORDER BY row LIMIT ?", (after, limit)
            )
            return [Pending(*row) for row in rows]

    def newest_row(self) -> int:
        """Row of the newest event ever stored; 0 if there was none."""
        with self._lock:
            found = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
            return 0 if found is None else int(found[0])

    def delete(self, row: int) -> None:
        """The broker has it."""
        with self._lock, self._db as db:
            found = db.execute("DELETE FROM events WHERE row = ? RETURNING length(payload)", (row,)).fetchone()
            self._bytes -= 0 if found is None else found[0]

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM events").fetchone()[0])

    def close(self) -> None:
        """Checkpoint and close."""
        with self._lock:
            self._db.close()

    def _make_room(self, added: int) -> tuple[int, int]:
        """Delete the oldest events until the new one fits; how many, and their bytes."""
        dropped = freed = 0
        while self._bytes + added - freed > self._max_bytes:
            found = self._db.execute(
                "DELETE FROM events WHERE row = (SELECT min(row) FROM events) RETURNING length(payload)"
            ).fetchone()
            if found is None:
                break
            dropped += 1
            freed += found[0]
        return dropped, freed


def _open_or_renew(path: Path) -> sqlite3.Connection:
    """A damaged file is moved aside: the daemon must start after any power cut."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise ConfigError(f"{path}: a writable outbox of this daemon alone wanted. Got: {error}") from error
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        log.error("%s: an outbox wanted. Got: %s; moved to %s", path, error, aside.name)  # noqa: TRY400 - no traceback
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db
