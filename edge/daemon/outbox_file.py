"""The outbox's database: opened and checked, set aside when damaged, and in memory where the disk refuses.

SQLite in WAL mode with synchronous = FULL survives kill -9 and power cuts.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

from edge.errors import ConfigError

__all__ = ["DISK_REFUSES", "Damaged", "in_memory", "is_damage", "is_refusal", "memory_copy", "open_file", "set_aside"]

log = logging.getLogger(__name__)

VERSION = 2
SCHEMA = f"""
BEGIN;
CREATE TABLE IF NOT EXISTS boots (n INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE, last_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    row INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT NOT NULL, seq INTEGER NOT NULL,
    source TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS gaps (
    n INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);
PRAGMA user_version = {VERSION};
COMMIT;
"""
"""One transaction: a power cut leaves all of it or nothing"""
LOG_PAGES = 256
"""Pages of 4 kB in the write-ahead log before it is folded into the database"""
DISK_REFUSES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Damaged(sqlite3.DatabaseError):
    """A database that SQLite opens, and that is not what it should be."""


def open_file(path: Path) -> sqlite3.Connection:
    """Open or create, check, and hold the lock.

    Raises
    ------
    ConfigError : another daemon has it
    sqlite3.Error, OSError : see `is_damage` and `is_refusal`
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {LOG_PAGES * 4096}")
        (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Damaged(found)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (n_tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if n_tables and version != VERSION:
            raise Damaged(f"layout {version} in the place of {VERSION}")
        db.executescript(SCHEMA)
    except sqlite3.Error as error:
        db.close()
        if _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise ConfigError(f"{path}: an outbox of this daemon alone wanted. Got: {error}") from error
        raise
    return db


def in_memory() -> sqlite3.Connection:
    """An empty database that lives as long as the process."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.executescript(SCHEMA)
    return db


def memory_copy(disk: sqlite3.Connection) -> sqlite3.Connection | None:
    """The same with another's content; None where that cannot be read."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        disk.backup(db)
    except sqlite3.Error as error:
        log.error("outbox: a copy in memory wanted. Got: %s", error)  # noqa: TRY400 - no traceback
        db.close()
        return None
    return db


def set_aside(path: Path, reason: object) -> None:
    """Move a damaged database away, for a look at it later: the daemon must start after any power cut."""
    aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.replace(path.with_name(aside.name + suffix))
    path.replace(aside)
    log.error("%s: an outbox wanted. Got: %s; moved to %s", path, reason, aside.name)


def is_damage(error: Exception) -> bool:
    """The file is not a database any more, or not one of ours."""
    return isinstance(error, Damaged) or _code(error) in DAMAGE


def is_refusal(error: Exception) -> bool:
    """The disk is full, read-only, absent or failing."""
    return _code(error) in DISK_REFUSES or (isinstance(error, OSError) and not isinstance(error, sqlite3.Error))


def _code(error: Exception) -> int | None:
    """SQLite's primary result code."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
