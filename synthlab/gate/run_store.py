"""The runs of a sweep or a comparison in an SQLite file: one row each, committed before the next run starts.

A run that was interrupted, also by `kill -9` or a power cut, is not in it, and is played again.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from ..errors import SynthlabError, WrongUse
from ..scenario.record import Record

VERSION = 1
APPLICATION_ID = 0x53594E53
"""In the header of the file, so that another program's database is recognized."""
CONTENT = "content"
"""Ends the name of a description that is a digest, whose values mean nothing to a reader."""

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (number INTEGER PRIMARY KEY, verdict TEXT NOT NULL, took_s REAL NOT NULL,
                                 record BLOB NOT NULL);
"""


class RunStore:
    """A context in which the file is open, for this process only.

    `command` is `sweep` or `compare`, and `described` says what it runs; a file with runs of anything else is refused.
    `made_by` marks the labs of these runs, so that one left behind by a killed process can be removed. Raises WrongUse
    if the file is in use, or another one. Several threads may add runs. A new file without a run at the end is removed.
    """

    def __init__(self, file: Path, command: str, described: Mapping[str, str], made_by: str) -> None:
        self.file = file
        self.command = command
        self._described = {"command": command, **described}
        self.made_by = made_by
        self._is_over = self._is_new = False
        self._adding = Lock()

    def __enter__(self) -> Self:
        self._lock = self._locked()
        try:
            self._database = self._opened()
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        is_empty = not self._count(self._database)
        self._database.close()
        if self._is_over or (self._is_new and is_empty):
            # Before it is unlocked, or it could be the file of a process that has just begun with it.
            self.file.unlink(missing_ok=True)
        os.close(self._lock)

    def discard(self) -> None:
        """Remove the file at the end of the context."""
        self._is_over = True

    def add(self, number: int, record: Record, took_s: float) -> None:
        """Keep a run, in place of one with its number; it is on the disk when this returns.

        `took_s` is how long it took with its lab. Raises SynthlabError.
        """
        packed = zlib.compress(json.dumps(record.to_dict()).encode())
        try:
            with self._adding, self._database:
                self._database.execute(
                    "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", (number, record.verdict, took_s, packed)
                )
        except sqlite3.Error as error:
            raise SynthlabError(f"{self.file}: cannot be written: {error}") from None

    def records(self) -> dict[int, Record]:
        """The runs so far, by number."""
        rows = self._database.execute("SELECT number, record FROM runs ORDER BY number")
        return {number: Record.from_dict(json.loads(zlib.decompress(packed))) for number, packed in rows}

    def mean_s(self) -> float:
        """How long a run took on average; 0 before the first."""
        (mean,) = self._database.execute("SELECT avg(took_s) FROM runs").fetchone()
        return float(mean or 0)

    def _locked(self) -> int:
        """An open file that the kernel keeps locked until this process ends, however it ends."""
        import fcntl

        self._is_new = not self.file.exists()
        try:
            lock = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise WrongUse(f"--store: {self.file}: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise WrongUse(f"--store: {self.file}: another process is using it; wait, or name another file") from None
        return lock

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.file, check_same_thread=False)
        try:
            self._prepare(database)
        except sqlite3.DatabaseError:
            database.close()
            raise WrongUse(f"--store: {self.file}: is not the file of a {self.command}; name another") from None
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        (mark,) = database.execute("PRAGMA application_id").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and mark != APPLICATION_ID:
            raise sqlite3.DatabaseError
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(f"PRAGMA application_id={APPLICATION_ID}")
        database.executescript(_TABLES)
        facts: dict[str, Any] = dict(database.execute("SELECT name, value FROM facts").fetchall())
        runs = self._count(database)
        wanted = {"version": str(VERSION), **self._described}
        if facts:
            self.made_by = facts.pop("made_by")
        if runs:
            self._refuse_other(wanted, facts)
            return
        with database:
            database.execute("DELETE FROM facts")
            rows = {**wanted, "made_by": self.made_by}
            database.executemany("INSERT INTO facts VALUES (?, ?)", list(rows.items()))

    @staticmethod
    def _count(database: sqlite3.Connection) -> int:
        (runs,) = database.execute("SELECT count(*) FROM runs").fetchone()
        return int(runs)

    def _refuse_other(self, wanted: Mapping[str, str], kept: Mapping[str, str]) -> None:
        """Raise WrongUse if the file has other runs, with what differs."""
        for name in {**wanted, **kept}:
            now, before = wanted.get(name) or "none", kept.get(name) or "none"
            if now != before:
                change = "has changed" if name.endswith(CONTENT) else f"was {before}, not {now}"
                raise WrongUse(
                    f"--store: {self.file}: has runs of another {self.command}: {name} {change}; name another file, or "
                    "delete this one"
                )
