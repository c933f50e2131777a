"""Copies of a whole database in one file, and databases made of them.

SQLite's online backup and PostgreSQL's own tools do the work, both while the server goes on serving. A restored
database begins an order of changes of its own (`restored`): it may lack what clients of the original have seen.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import BinaryIO

from sqlalchemy import Connection, inspect
from sqlalchemy.engine import URL

from convene.storage import schema
from convene.storage.engine import parse_url
from convene.storage.errors import BackupRefused
from convene.storage.restored import begin_order_anew, give_up_what_was_due
from convene.storage.tables import database_identity

_DUMP = ("--format=custom", "--no-owner", "--no-privileges")


def back_up(database_url: str, file: Path) -> None:
    """Write a consistent copy of a database to a new file, readable by its owner alone.

    Raises:
        BackupRefused: the file is there already, or cannot be written; the database cannot be read.
        SchemaMismatch: the database is not one of this code's.
    """
    schema.verify(database_url)
    url = parse_url(database_url)
    with _NewFile(file) as new:
        if url.drivername == "sqlite":
            _copy_sqlite(Path(str(url.database)), new)
        else:
            _run("pg_dump", url, *_DUMP, f"--file={new}")


def pour(database_url: str, out: BinaryIO) -> None:
    """Write a consistent copy of a database to a stream with a file descriptor; what a failure leaves there is none.

    Raises:
        BackupRefused: the stream cannot be written to; the database cannot be read.
        SchemaMismatch: the database is not one of this code's.
    """
    schema.verify(database_url)
    url = parse_url(database_url)
    if url.drivername != "sqlite":
        _run("pg_dump", url, *_DUMP, out=out)
        return
    with TemporaryDirectory(prefix="convene-copy-") as folder:  # nobody else can look into it
        draft = Path(folder) / "copy"
        _copy_sqlite(Path(str(url.database)), draft)
        try:
            with draft.open("rb") as copy:
                shutil.copyfileobj(copy, out)
            out.flush()
        except OSError as error:
            raise BackupRefused(f"cannot write the copy: {error.strerror}") from error


def restore(database_url: str, file: Path, *, keep_deliveries: bool, now: datetime) -> None:
    """Make a database of a copy; there must be none yet, or on PostgreSQL an empty one.

    What was still to be sent when the copy was made has been sent since, more often than not: it is given up, unless
    it is to be kept.

    Raises:
        BackupRefused: there is one already; the file is no copy of such a database.
        SchemaMismatch: the copy was made by newer code.
    """
    if not file.is_file():
        raise BackupRefused(f"there is no file {file}")
    url = parse_url(database_url)
    begin_anew = partial(_begin_anew, file, None if keep_deliveries else now)
    if url.drivername == "sqlite":
        with _NewFile(Path(str(url.database))) as new:
            _copy_sqlite(file, new)
            schema.on_database(f"sqlite:///{new}", begin_anew)
        return
    if schema.on_database(database_url, lambda connection: inspect(connection).get_table_names()):
        raise BackupRefused("the database is not empty; make a new one to restore to")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", url, *options, str(file))
    schema.on_database(database_url, begin_anew)


def _begin_anew(file: Path, given_up: datetime | None, connection: Connection) -> None:
    if not inspect(connection).has_table(database_identity.name):
        raise BackupRefused(f"{file} is no copy of a Convene database")
    schema.upgrade(connection)
    begin_order_anew(connection)
    if given_up is not None:
        give_up_what_was_due(connection, given_up)


#: What SQLite keeps beside a database of this name, and puts into whatever has the name when it is next opened.
_REMAINS = ("-wal", "-journal")


class _NewFile:
    """A file that comes to be whole or not at all, never in the place of another one or beside what is left of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.{token_hex(8)}")

    def __enter__(self) -> Path:
        if self._path.exists():
            raise BackupRefused(f"{self._path} is there already")
        for left in (self._path.with_name(self._path.name + ending) for ending in _REMAINS):
            if left.exists():
                raise BackupRefused(f"{left} is left of another database, and would be taken for a part of this one")
        try:
            self._draft.touch(mode=0o600)
        except OSError as error:
            raise BackupRefused(f"cannot write to {self._path}: {error.strerror}") from error
        return self._draft

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._name()
        except FileExistsError as error:
            raise BackupRefused(f"{self._path} is there already") from error
        finally:
            self._draft.unlink(missing_ok=True)

    def _name(self) -> None:
        try:
            os.link(self._draft, self._path)
        except FileExistsError:
            raise
        except OSError:  # no hard links there, as on FAT; a name that is ours is empty for a moment
            self._path.touch(mode=0o600, exist_ok=False)
            self._draft.replace(self._path)


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
            # One file that needs no other beside it; the server turns WAL on again.
            copy.execute("PRAGMA journal_mode = DELETE")
            [[found]] = copy.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        raise BackupRefused(f"cannot copy {source}: {error}") from error
    if found != "ok":
        raise BackupRefused(f"{source} is damaged: {found}")


def _run(tool: str, url: URL, *arguments: str, out: BinaryIO | None = None) -> None:
    """Run one of PostgreSQL's tools; the password goes by the environment, which others on the machine cannot read."""
    path = shutil.which(tool)
    if path is None:
        raise BackupRefused(f"{tool} is not installed: it comes with PostgreSQL's client programs")
    address = url.set(password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    ended = subprocess.run(  # noqa: S603 - a program by its path, no shell
        [path, "--dbname", address, *arguments],
        env=os.environ | secret,
        stdout=subprocess.PIPE if out is None else out,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise BackupRefused(f"{tool}: {' '.join(ended.stderr.split())}")
