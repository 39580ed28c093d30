"""Backups of the database and of the data folder, each verified when it is written and restored.

A backup is a folder: database.sqlite3 or database.dump, data/ with the files, and manifest.json
with the hash of each file and the rows and hash of each table at one moment.
"""

import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone

from explanations.pipeline.data_folder import PICTURES
from explanations.store.atomic_files import sha256_of_file, write_atomically
from studyplatform import environment
from studyplatform.fair_sqlite.turns import ENDING

FORMAT = 1
MANIFEST, FILES = "manifest.json", "data"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
LEFT_OUT = ("uploading", PICTURES)
"""Folders of the data folder whose files are of this moment only, or are drawn again when they are
asked for."""
AT_ONCE = 1000  # rows


class BackupError(Exception):
    """A backup that cannot be written, read or restored. The message names the cure."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: rows and hash by table, and the hash of each file."""

    database: str
    written_at: str
    tables: dict[str, list[Any]]
    files: dict[str, str]

    def __str__(self) -> str:
        rows = sum(rows for rows, _ in self.tables.values())
        return f"{len(self.tables)} tables with {rows} rows, and {len(self.files) - 1} files"


def back_up(folder: Path) -> Backup:
    """Write a backup into a new folder while people take part, and read it again.

    It holds everything that was confirmed before it began. Raises BackupError.
    """
    if folder.exists():
        raise BackupError(f"{folder} exists already. Name a new folder.")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / FILES).mkdir(parents=True, mode=0o700)
    partial.chmod(0o700)
    # The database first: a file is always written before the row that names it.
    tables = _sqlite_copy(partial) if _is_sqlite() else _postgresql_dump(partial)
    for source in _data_files():
        target = partial / FILES / source.relative_to(settings.DATA_DIR)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    files = {
        path.relative_to(partial).as_posix(): sha256_of_file(path) for path in _files_in(partial)
    }
    written = Backup(connection.vendor, timezone.now().isoformat(), tables, files)
    content = {"format": FORMAT, **vars(written)}
    write_atomically(partial / MANIFEST, (json.dumps(content, indent=1) + "\n").encode())
    read(partial)
    partial.rename(folder)
    return written


def read(folder: Path) -> Backup:
    """Return the backup, once each file has been read and has its hash. Raises BackupError."""
    try:
        content = json.loads((folder / MANIFEST).read_text())
        known = content.pop("format")
        found = Backup(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{folder} has no readable {MANIFEST}. Name a backup.") from error
    if known != FORMAT:
        raise BackupError(f"{folder} has the format {known!r}, but this program reads {FORMAT}.")
    for name, sha256 in found.files.items():
        path = folder / name
        if not path.is_file() or sha256_of_file(path) != sha256:
            raise BackupError(f"{name} is damaged or missing. Take another backup.")
    more = {path.relative_to(folder).as_posix() for path in _files_in(folder)} - found.files.keys()
    if more - {MANIFEST}:
        raise BackupError(f"{min(more - {MANIFEST})} is not of this backup. Take another backup.")
    return found


def restore(folder: Path) -> Backup:
    """Put a backup into an empty database and data folder, and compare every table.

    Raises BackupError. Nothing that exists is replaced.
    """
    found = read(folder)
    if found.database != connection.vendor:
        raise BackupError(
            f"The backup is of {found.database}, but DATABASE_URL names {connection.vendor}. Set "
            f"DATABASE_URL to a new database of {found.database}."
        )
    if any(_data_files()):
        raise BackupError(
            f"The data folder {settings.DATA_DIR} is not empty. Set STUDY_DATA_DIR to a new folder."
        )
    tables = _sqlite_restored(folder) if _is_sqlite() else _postgresql_restored(folder)
    differing = [name for name, values in found.tables.items() if tables.get(name) != values]
    if differing:
        raise BackupError(
            f"The restored table {differing[0]} differs from the backup's. Do not use it."
        )
    for name in found.files:
        if name.startswith(f"{FILES}/"):
            target = settings.DATA_DIR / name.removeprefix(f"{FILES}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target)
    return found


def _is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _data_files() -> Iterator[Path]:
    """Yield the data folder's files, without the database itself."""
    name = Path(str(connection.settings_dict["NAME"]))
    database = {name.with_name(f"{name.name}{end}") for end in ("", "-wal", "-shm", ENDING)}
    for path in _files_in(settings.DATA_DIR):
        first = path.relative_to(settings.DATA_DIR).parts[0]
        # A file that is being written has a name of its own until it is whole.
        if first not in LEFT_OUT and path not in database and not path.name.endswith(".tmp"):
            yield path


def _sqlite_copy(folder: Path) -> dict[str, list[Any]]:
    copy = folder / DATABASES["sqlite"]
    with (
        closing(sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=20)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)  # all pages at once: a single moment, and writers go on
        target.execute("PRAGMA journal_mode=DELETE")
        return _checked_sqlite(target)


def _sqlite_restored(folder: Path) -> dict[str, list[Any]]:
    path = Path(str(connection.settings_dict["NAME"]))
    if path.exists():
        raise BackupError(f"The database {path} exists already. Set DATABASE_URL to a new file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / DATABASES["sqlite"], path)
    with closing(sqlite3.connect(path)) as restored:
        return _checked_sqlite(restored)


def _checked_sqlite(database: sqlite3.Connection) -> dict[str, list[Any]]:
    ((answer,),) = database.execute("PRAGMA integrity_check(1)").fetchall()
    if answer != "ok":
        raise BackupError(f"The copy of the database is damaged: {answer}.")
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return _tables(database.cursor(), tables)


def _postgresql_dump(folder: Path) -> dict[str, list[Any]]:
    """Dump one snapshot, of which the tables are read, too."""
    with psycopg.connect(**_parameters()) as database:
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = database.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(row[0]) if row else ""
        _run("pg_dump", "-Fc", f"--snapshot={snapshot}", "-f", str(folder / "database.dump"))
        return _postgresql_tables(database)


def _postgresql_restored(folder: Path) -> dict[str, list[Any]]:
    with psycopg.connect(**_parameters()) as database:
        if _postgresql_tables(database):
            raise BackupError(
                "The database has tables already. Set DATABASE_URL to a new database (createdb)."
            )
    name = str(connection.settings_dict["NAME"])
    _run("pg_restore", "--exit-on-error", "--no-owner", "-d", name, str(folder / "database.dump"))
    with psycopg.connect(**_parameters()) as database:
        return _postgresql_tables(database)


def _postgresql_tables(database: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return _tables(database.cursor(), tables)


def _tables(cursor: Any, names: str) -> dict[str, list[Any]]:
    """Return the number of rows and a hash of the content of each table."""
    found: dict[str, list[Any]] = {}
    for (name,) in sorted(cursor.execute(names).fetchall()):
        digest, count = hashlib.sha256(), 0
        cursor.execute(f'SELECT * FROM "{name}" ORDER BY 1')  # noqa: S608 - a name of the catalogue
        while rows := cursor.fetchmany(AT_ONCE):
            count += len(rows)
            for row in rows:
                digest.update(repr(row).encode())
        found[name] = [count, digest.hexdigest()]
    return found


def _parameters() -> dict[str, Any]:
    database = connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    values = {theirs: database[ours] for ours, theirs in (*names.items(), ("PORT", "port"))}
    options: dict[str, Any] = database["OPTIONS"]
    return {name: value for name, value in values.items() if value} | options


def _run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL, which gets the password in its environment."""
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST"}
    given = _parameters()
    variables = {
        theirs: str(given[ours])
        for ours, theirs in (*names.items(), ("port", "PGPORT"), ("sslmode", "PGSSLMODE"))
        if ours in given
    }
    try:
        subprocess.run(  # noqa: S603 - our own arguments
            [program, *arguments],
            env=environment.of_a_child(variables),
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise BackupError(f"{program} is missing. Install PostgreSQL's client.") from error
    except subprocess.CalledProcessError as error:
        raise BackupError(f"{program} failed: {error.stderr.strip()}") from error
