"""Studies that hundreds of tests begin with: made once by the real services, then put back as rows.

A process makes each study the first time that a test asks for it. A later test of the same process
that asks for the same study gets the same rows and files, with paths, hashes and times as if the
study had been made for it, in a tenth of the time. The study is made anew beside other rows or
files, outside of SQLite, with questionnaires of the test's own, and while a test stops the clock.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, wraps
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField
from django.utils import timezone

from surveys.models import Study

APPS = ("explanations", "surveys", "studyplatform")
CLOCK = timezone.now
Row = tuple[object, ...]


def made_once(make: Callable[..., Study]) -> Callable[..., Study]:
    """Make each study that the function is asked for once, whatever the folder."""
    snapshots: dict[str, Snapshot] = {}

    @wraps(make)
    def study(folder: Path, *more: object, **options: object) -> Study:
        if not _begins_with_nothing():
            return make(folder, *more, **options)
        keys = f"{settings.SECRET_KEY} {settings.SECRET_KEY_FALLBACKS}"
        asked = f"{more} {sorted(options.items())} {keys}"
        if asked in snapshots:
            return snapshots[asked].put_back(folder)
        made = make(folder, *more, **options)
        snapshots[asked] = Snapshot.of(made, folder)
        return made

    return study


def imported_once(make: Callable[..., None]) -> Callable[..., None]:
    """The same for rows and files of images, without a study."""
    snapshots: dict[str, Snapshot] = {}

    @wraps(make)
    def images(*options: object) -> None:
        if not _begins_with_nothing():
            make(*options)
        elif found := snapshots.get(str(options)):
            found.put_back(Path(settings.DATA_DIR))
        else:
            make(*options)
            snapshots[str(options)] = Snapshot.of(None, Path(settings.DATA_DIR))

    return images


def _begins_with_nothing() -> bool:
    """Whether the study depends on nothing but its options: no other rows, files or times."""
    own = (Path(settings.DATA_DIR), Path(settings.INSTRUMENTS_DIR))
    return (
        connection.vendor == "sqlite"
        and timezone.now is CLOCK
        and not any(path.is_file() for folder in own for path in folder.rglob("*"))
        and not _is_any_row()
    )


def _is_any_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in _tables())
        )
        return bool(cursor.fetchone()[0])


@cache
def _tables() -> tuple[str, ...]:
    return tuple(
        model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()
    )


@dataclass(frozen=True)
class Snapshot:
    """The rows and files of a study that was made in an empty database, or of images alone."""

    pk: int | None
    source: str
    folder: Path
    taken_at: datetime
    rows: Mapping[str, list[Row]]
    times: Mapping[str, frozenset[int]]
    """Which columns of each table are times."""
    weights: Mapping[Path, bytes]
    files: Mapping[Path, bytes]

    @classmethod
    def of(cls, study: Study | None, folder: Path) -> "Snapshot":
        rows, times = {}, {}
        with connection.cursor() as cursor:
            for table in _tables():
                cursor.execute(f'SELECT * FROM "{table}"')
                if found := cursor.fetchall():
                    rows[table] = found
                    columns = [column[0] for column in cursor.description]
                    times[table] = frozenset(map(columns.index, _time_columns()[table]))
        weights = [] if study is None else [Path(study.classifier.path)]
        return cls(
            pk=study and study.pk,
            source=study.source if study else "",
            folder=folder,
            taken_at=timezone.now(),
            rows=rows,
            times=times,
            weights={path.relative_to(folder): path.read_bytes() for path in weights},
            files={
                path.relative_to(settings.DATA_DIR): path.read_bytes()
                for path in Path(settings.DATA_DIR).rglob("*")
                if path.is_file()
            },
        )

    def put_back(self, folder: Path) -> Study | None:
        _write(folder, self.weights)
        _write(Path(settings.DATA_DIR), self.files)
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self.rows.items():
                places = ", ".join(["%s"] * len(rows[0]))
                statement = f'INSERT INTO "{table}" VALUES ({places})'  # columns as they were read
                cursor.executemany(statement, self._as_made_now(table, folder))
        studies = Study.objects.select_related("classifier", "image_set")
        return studies.filter(pk=self.pk).first()

    def _as_made_now(self, table: str, folder: Path) -> Iterator[Row]:
        old, new = str(self.folder), str(folder)
        source = self.source.replace(old, new)
        old_hash, new_hash = (
            hashlib.sha256(text.encode()).hexdigest() for text in (self.source, source)
        )
        passed = timezone.now() - self.taken_at
        times = self.times[table]
        for row in self.rows[table]:
            yield tuple(
                _later(value, passed) if place in times
                else value.replace(old, new).replace(old_hash, new_hash) if isinstance(value, str)
                else value
                for place, value in enumerate(row)
            )  # fmt: skip


@cache
def _time_columns() -> Mapping[str, list[str]]:
    return {
        model._meta.db_table: [
            field.column
            for field in model._meta.concrete_fields
            if isinstance(field, DateTimeField)
        ]
        for app in APPS
        for model in apps.get_app_config(app).get_models()
    }


def _later(value: object, passed: timedelta) -> object:
    return None if value is None else str(datetime.fromisoformat(str(value)) + passed)


def _write(folder: Path, files: Mapping[Path, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
