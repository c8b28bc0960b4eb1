"""Events until the broker has them: written before they are sent, deleted on PUBACK.

`seq` is given inside the transaction that stores the event, so it has no gaps within a boot. A full
outbox drops the oldest events and keeps their numbers: subscribers are told the gap. Where the disk
refuses (full, read-only), the events live in memory and the health message says so; a damaged file
is set aside and counted. Neither stops the daemon.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge.daemon.outbox_file import in_memory, is_damage, is_refusal, memory_copy, open_file, set_aside
from edge.errors import PublishError

__all__ = ["Gap", "Outbox", "Pending"]

log = logging.getLogger(__name__)

KEPT_BOOTS = 16
KEPT_GAPS = 64
APART_ROW = 2**32
"""Rows of a memory that knows nothing of the file begin here, above those of the file"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """One stored event."""

    row: int
    seq: int
    source: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Events of one boot that a full outbox dropped, both ends included."""

    boot_id: str
    first_seq: int
    last_seq: int


class Outbox:
    """One file, used by the inference thread (put) and the publish thread (the rest)."""

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.boot_id = uuid.uuid4().hex
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._seq = 0
        self.dropped = 0
        """Events pushed out by newer ones since the start"""
        self.set_aside = 0
        """Damaged files since the start"""
        self.refusal: str | None = None
        """Why events live in memory, or None: they are on disk"""
        self._apart = False
        """What is in memory does not hold what is in the file"""
        self._bytes = self._row = 0
        self._disk = self._open()
        self._db = self._disk or self._memory(None)
        self.previous: tuple[str, int] | None = self._doing(self._last_boot)
        """boot_id and last seq of the run before this one"""
        self._doing(self._enter)

    def put(self, source: str, payload_of: Callable[[int], bytes]) -> Pending:
        """Store one event durably; `payload_of` is given its seq.

        Raises
        ------
        PublishError : neither disk nor memory took it; the seq is not used up
        """
        with self._lock:
            return self._doing(lambda: self._put(source, payload_of))

    def pending(self, *, after: int = 0, up_to: int | None = None, limit: int = 100) -> list[Pending]:
        """The oldest stored events with a row above `after`, and not above `up_to`."""
        sql = "SELECT row, seq, source, payload FROM events WHERE row > ? AND row <= ? ORDER BY row LIMIT ?"
        last = 2**62 if up_to is None else up_to
        with self._lock:
            return self._doing(lambda: [Pending(*row) for row in self._db.execute(sql, (after, last, limit))])

    def newest_row(self) -> int:
        """Row of the newest event ever stored; 0 if there was none."""
        with self._lock:
            found = self._doing(
                lambda: self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
            )
            return 0 if found is None else int(found[0])

    def delete(self, rows: Collection[int]) -> None:
        """The broker has them: one transaction for all."""
        if rows:
            with self._lock:
                self._doing(lambda: self._delete(rows))

    def gaps(self) -> list[Gap]:
        """What full outboxes dropped, of this boot and the ones before, oldest first."""
        sql = "SELECT boot_id, first_seq, last_seq FROM gaps ORDER BY n"
        with self._lock:
            return self._doing(lambda: [Gap(*row) for row in self._db.execute(sql)])

    def back_to_disk(self) -> bool:
        """Try again where the disk refused, now and then; whether events came back that were only in the file."""
        with self._lock:
            if self.refusal is None:
                return False
            if self._disk is not None:
                self._disk.close()
            self._disk = self._open()
            if self._disk is None:
                return False
            try:
                if self._apart:
                    self._join(self._disk)
                self._db.backup(self._disk)
            except sqlite3.Error as error:
                self.refusal = str(error)
                return False
            self._db.close()
            self._db = self._disk
            self.refusal = None
            log.info("%s: on disk again", self._path)
            joined, self._apart = self._apart, False
            self._bytes = self._sum()
            return joined

    def __len__(self) -> int:
        with self._lock:
            return self._doing(lambda: int(self._db.execute("SELECT count(*) FROM events").fetchone()[0]))

    def close(self) -> None:
        """Checkpoint and close; what only memory holds is written if the disk takes it now."""
        with self._lock:
            self.back_to_disk()
            self._db.close()
            if self._disk is not None:
                self._disk.close()

    def _doing(self, work: Callable[[], T]) -> T:
        """Do it on disk, after a damage on a new file, after a refusal in memory."""
        for _ in range(3):
            try:
                return work()
            except sqlite3.Error as error:
                if is_damage(error) and self._db is self._disk:
                    self._renew(error)
                elif is_refusal(error) and self._db is self._disk:
                    self._refused(error)
                    self._db = self._memory(self._disk)
                    self._enter()
                else:
                    raise PublishError(f"outbox: a database that works wanted. Got: {error}") from error
        raise PublishError("outbox: a database that works wanted. Got none in three attempts.")

    def _renew(self, error: sqlite3.Error) -> None:
        self._db.close()
        self._disk = self._open(damage=error)
        self._db = self._disk or self._memory(None)
        self._enter()

    def _open(self, damage: Exception | None = None) -> sqlite3.Connection | None:
        """The file; a new one in the place of a damaged one; None where the disk refuses."""
        for _ in range(2):
            try:
                if damage is not None:
                    set_aside(self._path, damage)
                    self.set_aside += 1
                    damage = None
                return open_file(self._path)
            except (OSError, sqlite3.Error) as error:
                if is_refusal(error):
                    self._refused(error)
                    return None
                if not is_damage(error):
                    raise
                damage = error
        self._refused(OSError("a damaged file in the place of a new one"))
        return None

    def _refused(self, error: Exception) -> None:
        if self.refusal is None:
            log.error("%s: a disk that takes events wanted. Got: %s; they are kept in memory", self._path, error)
        self.refusal = str(error)

    def _memory(self, disk: sqlite3.Connection | None) -> sqlite3.Connection:
        """A copy of the file, or, where there is none to read, a database with rows above the file's."""
        copy = None if disk is None else memory_copy(disk)
        self._apart = copy is None
        if copy is None:
            self._row = max(self._row, APART_ROW)
        return copy or in_memory()

    def _join(self, disk: sqlite3.Connection) -> None:
        """Take over what is only in the file: boots, gaps and events, these with their own, lower rows."""
        with self._db as db:
            for boot in disk.execute("SELECT boot_id, last_seq FROM boots ORDER BY n DESC"):
                db.execute("INSERT OR IGNORE INTO boots SELECT min(n) - 1, ?, ? FROM boots", boot)
            for gap in disk.execute("SELECT boot_id, first_seq, last_seq FROM gaps ORDER BY n DESC"):
                db.execute("INSERT INTO gaps SELECT coalesce(min(n) - 1, 1), ?, ?, ? FROM gaps", gap)
            events = disk.execute("SELECT row, boot_id, seq, source, payload FROM events")
            db.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", events)
        others = "SELECT boot_id, last_seq FROM boots WHERE boot_id <> ? ORDER BY n DESC LIMIT 1"
        newest = disk.execute(others, (self.boot_id,))
        self.previous = self.previous or newest.fetchone()

    def _sum(self) -> int:
        return int(self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM events").fetchone()[0])

    def _last_boot(self) -> tuple[str, int] | None:
        row = self._db.execute("SELECT boot_id, last_seq FROM boots ORDER BY n DESC LIMIT 1").fetchone()
        return None if row is None else (row[0], row[1])

    def _enter(self) -> None:
        """Write this boot down; in a database that takes the place of another, with seq and row where they were."""
        with self._db as db:
            db.execute(
                "INSERT INTO boots (boot_id, last_seq) VALUES (?1, ?2) "
                "ON CONFLICT (boot_id) DO UPDATE SET last_seq = ?2",
                (self.boot_id, self._seq),
            )
            db.execute("DELETE FROM boots WHERE n <= (SELECT max(n) FROM boots) - ?", (KEPT_BOOTS,))
            db.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'events', ? "
                "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events')",
                (self._row,),
            )
        self._bytes = self._sum()

    def _put(self, source: str, payload_of: Callable[[int], bytes]) -> Pending:
        seq = self._seq + 1
        payload = payload_of(seq)
        with self._db as db:
            db.execute("UPDATE boots SET last_seq = ? WHERE boot_id = ?", (seq, self.boot_id))
            dropped, freed = self._make_room(db, len(payload))
            row = db.execute(
                "INSERT INTO events (boot_id, seq, source, payload) VALUES (?, ?, ?, ?)",
                (self.boot_id, seq, source, payload),
            ).lastrowid
        self._seq, self._row = seq, row or 0
        self.dropped += dropped
        self._bytes += len(payload) - freed
        return Pending(self._row, seq, source, payload)

    def _delete(self, rows: Collection[int]) -> None:
        with self._db as db:
            found = [
                db.execute("DELETE FROM events WHERE row = ? RETURNING length(payload)", (row,)).fetchone()
                for row in rows
            ]
        self._bytes -= sum(size for (size,) in filter(None, found))

    def _make_room(self, db: sqlite3.Connection, added: int) -> tuple[int, int]:
        """Delete the oldest events until the new one fits; how many, and their bytes."""
        dropped = freed = 0
        while self._bytes + added - freed > self._max_bytes:
            found = db.execute(
                "DELETE FROM events WHERE row = (SELECT min(row) FROM events) RETURNING boot_id, seq, length(payload)"
            ).fetchone()
            if found is None:
                break
            boot_id, seq, size = found
            dropped += 1
            freed += size
            longer = db.execute(
                "UPDATE gaps SET last_seq = ? WHERE boot_id = ? AND last_seq = ? - 1", (seq, boot_id, seq)
            )
            if longer.rowcount == 0:
                db.execute("INSERT INTO gaps (boot_id, first_seq, last_seq) VALUES (?, ?, ?)", (boot_id, seq, seq))
                db.execute("DELETE FROM gaps WHERE n <= (SELECT max(n) FROM gaps) - ?", (KEPT_GAPS,))
        return dropped, freed
