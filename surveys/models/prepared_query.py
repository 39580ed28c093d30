"""Queries of every page, whose SQL Django compiles once, so that later calls only fill in values.

Compiling these statements again for every page took a third of its processor time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

Value = int | str
Row = TypeVar("Row")
# Placeholders for the values while the SQL is written. Django leaves out a comparison with a number
# beyond a column's range, so they fit PostgreSQL's smallest column.
MARKS: Mapping[type, Callable[[int], Value]] = {
    int: lambda number: 32_700 + number,
    str: lambda number: f"\x01 value {number}",
}


class PreparedQuery(Generic[Row]):
    """A queryset of models, or of a ``values_list``, that differs only in ids and names.

    ``build`` makes it from values of the ``kinds``, each of which it compares with a column. A call
    returns the list of rows that ``build(*values)`` would return.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._statements: dict[str, _Statement] = {}

    def __call__(self, *values: Value) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        # All threads share it: a server has many, each of which opens a connection again and again.
        # Two that write it at the same moment write the same.
        statement = self._statements.get(connection.vendor)
        if statement is None:
            statement = self._statements[connection.vendor] = self._written_for(connection)
        return list(statement.rows(connection, values))

    def _written_for(self, connection: BaseDatabaseWrapper) -> "_Statement":
        marks = [MARKS[kind](number) for number, kind in enumerate(self._kinds)]
        queryset = self._build(*marks)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        # Unlikely values mark the places that later calls fill in.
        places = {at: marks.index(mark) for at, mark in enumerate(parameters) if mark in marks}
        if set(places.values()) != set(range(len(marks))):
            raise ValueError(
                f"{sql!r} takes {len(set(places.values()))} of {len(marks)} values. Let build "
                "compare each of them with a column."
            )
        makes_models = issubclass(queryset._iterable_class, ModelIterable)
        return _Statement(
            sql,
            tuple(parameters),
            places,
            compiler.get_converters([column for column, _, _ in compiler.select]),
            _Maker.of(compiler) if makes_models else None,
        )


@dataclass(frozen=True)
class _Maker:
    """Builds a model from a row, including the models that ``select_related`` joined, like
    ModelIterable.
    """

    model: Any
    columns: slice
    names: Sequence[str]
    related: Sequence[Any]

    @classmethod
    def of(cls, compiler: SQLCompiler) -> "_Maker":
        select, info = compiler.select, compiler.klass_info
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        names = [column.target.attname for column, _, _ in select[columns]]
        # The type stubs describe a later version of Django.
        populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        return cls(info["model"], columns, names, populators)

    def make(self, row: Sequence[Any]) -> Any:
        model = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.columns])
        for populator in self.related:
            populator.populate(row, model)
        return model


@dataclass(frozen=True)
class _Statement:
    """SQL as Django wrote it, and the conversions between Python's and the database's values.

    ``places``: for each parameter in the SQL, the number of the value. ``converters``: for each
    column, the conversions by the database and the field.
    """

    sql: str
    parameters: tuple[Any, ...]
    places: Mapping[int, int]
    converters: Mapping[int, tuple[Sequence[Callable[..., Any]], Any]]
    maker: _Maker | None

    def rows(self, connection: BaseDatabaseWrapper, values: Sequence[Value]) -> Iterator[Any]:
        parameters = list(self.parameters)
        for place, number in self.places.items():
            parameters[place] = values[number]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            rows = cursor.fetchall()
        return map(self.maker.make if self.maker else tuple, self._converted(connection, rows))

    def _converted(
        self, connection: BaseDatabaseWrapper, rows: Iterable[Sequence[Any]]
    ) -> Iterator[list[Any]]:
        for row in map(list, rows):
            for column, (steps, expression) in self.converters.items():
                for step in steps:
                    row[column] = step(row[column], expression, connection)
            yield row
