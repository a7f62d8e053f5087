"""Reads, adds and changes single rows by statements that are put together once, for what happens with each chapter.

Putting a query together costs the ORM many times what the database needs to run it. Values go through the models'
own fields, as they do there (values only, no expressions); names come from the models, never from outside.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Field, ForeignKey, IntegerField, Model, TextField
from django.db.models.expressions import Expression

if TYPE_CHECKING:
    from django.db.backends.utils import _SQLType as Value

ROWS_PER_INSERT = 100

Row = TypeVar("Row", bound=Model)
# A column that is asked for: its model, and its field's name.
Column = tuple[type[Model], str]
Converter = Callable[[object, Expression, object], object]
Converters = list[tuple[int, Expression, list[Converter]]]


def read_row(model: type[Row], where: str, **values: object) -> Row | None:
    """Return the first row for which the condition holds. `values` name its placeholders' columns, in order."""
    found = _first(_select(model) + where, _prepared(model, values.items()))
    return None if found is None else _made(model, found)


def read_together(
    models: tuple[type[Model], ...], joins: str, where: str, **values: object
) -> list[tuple[Model, ...]]:
    """Return the rows for which the condition holds, each with one of every model: of the first, and those it `joins`.

    `values` name the placeholders' columns, of the first model, in order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _select_columns(_columns_together(models), joins) + where, _prepared(models[0], values.items())
        )
        found = cursor.fetchall()
    ends = list(accumulate(len(_attribute_names(model)) for model in models))
    places = list(zip(models, [0, *ends], ends, strict=False))
    return [tuple(_made(model, row[start:end]) for model, start, end in places) for row in found]


def read_columns(
    columns: tuple[Column, ...], joins: str, where: str, values: Iterable[tuple[str, object]]
) -> list[list[Any]]:
    """Return these columns of the rows for which the condition holds: of the first one's model, and those it `joins`.

    `values` are the placeholders' columns, of the first model, and their values, in order.
    """
    with connection.cursor() as cursor:
        cursor.execute(_select_columns(columns, joins) + where, _prepared(columns[0][0], values))
        found = cursor.fetchall()
    database = connections[DEFAULT_DB_ALIAS]
    converters = _converters(columns, database.vendor)
    return [_converted(row, converters, database) for row in found]


def count_rows(model: type[Model], where: str, **values: object) -> int:
    """Return for how many rows the condition holds. `values` name its placeholders' columns, in order."""
    table = connection.ops.quote_name(model._meta.db_table)
    query = f"SELECT COUNT(*) FROM {table} WHERE {where}"  # noqa: S608  (names are the models')
    found = _first(query, _prepared(model, values.items()))
    assert found is not None
    return int(str(found[0]))


def lock_row(model: type[Row], pk: object) -> Row | None:
    """Return the row and lock it until the end of the transaction."""
    column = connection.ops.quote_name(_pk_column(model))
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    return read_row(model, f"{column} = %s{lock}", pk=pk)


def change_row(
    model: type[Model], guard: Mapping[str, object], changes: Mapping[str, object], *, grow: str = ""
) -> bool:
    """Change the row that `guard` still describes; the column `grow` grows by one. Returns whether there was one."""
    parameters = _prepared(model, [*changes.items(), *guard.items()])
    return bool(run(_update(model, tuple(changes), tuple(guard), grow), parameters))


def add_row(row: Model) -> None:
    """Insert the row, and give it the key that the database chose."""
    insert = _insert(type(row), _insertable(type(row)), 1)
    if connection.features.can_return_columns_from_insert:
        found = _first(f"{insert} RETURNING {connection.ops.quote_name(_pk_column(type(row)))}", _values(row))
        assert found is not None
        row.pk = found[0]
    else:
        with connection.cursor() as cursor:
            cursor.execute(insert, _values(row))
            row.pk = cursor.lastrowid
    row._state.adding, row._state.db = False, connection.alias


def add_rows(rows: Sequence[Model]) -> None:
    """Insert rows of one model, a hundred in a statement; their keys are not asked for."""
    if rows:
        model = type(rows[0])
        _insert_all(model, _insertable(model), [_values(row) for row in rows])


def add_values(model: type[Model], names: tuple[str, ...], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows of which only the values are at hand: many objects cost more to make than to store."""
    database = connections[DEFAULT_DB_ALIAS]
    stored = (_stored(model, names, row, database) for row in rows)
    while batch := list(islice(stored, ROWS_PER_INSERT)):
        _insert_all(model, names, batch)


def _insert_all(model: type[Model], names: tuple[str, ...], rows: "Sequence[Sequence[Value]]") -> None:
    for start in range(0, len(rows), ROWS_PER_INSERT):
        batch = rows[start : start + ROWS_PER_INSERT]
        run(_insert(model, names, len(batch)), [value for row in batch for value in row])


def run(statement: str, parameters: "Sequence[Value]") -> int:
    """Run a statement that asks for nothing back. Returns how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _first(query: str, parameters: "Sequence[Value]") -> Sequence[object] | None:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        found: Sequence[object] | None = cursor.fetchone()
    return found


def _prepared(model: type[Model], values: Iterable[tuple[str, object]]) -> "list[Value]":
    named = tuple(values)
    names = tuple(name for name, _ in named)
    return _stored(model, names, [value for _, value in named], connections[DEFAULT_DB_ALIAS])


def _values(row: Model) -> "list[Value]":
    # Asked once: `connection` looks for this thread's anew each time.
    database = connections[DEFAULT_DB_ALIAS]
    names = _insertable(type(row))
    values = [_field(type(row), name).pre_save(row, add=True) for name in names]
    return _stored(type(row), names, values, database)


def _stored(
    model: type[Model], names: tuple[str, ...], values: Sequence[object], database: BaseDatabaseWrapper
) -> "list[Value]":
    """Return the values as their fields store them; only those that a field may change are put through it."""
    stored: list[Any] = list(values)
    for at, (field, kept) in enumerate(_storing(model, names, database.vendor)):
        if stored[at] is not None and type(stored[at]) is not kept:
            stored[at] = field.get_db_prep_save(stored[at], database)
    return stored


@cache
def _storing(
    model: type[Model], names: tuple[str, ...], vendor: str
) -> list[tuple["Field[object, object]", type | None]]:
    """Return each field with the type of which it stores every value as it is."""
    return [(field, _kept_type(field, vendor)) for field in (_field(model, name) for name in names)]


def _kept_type(field: "Field[object, object]", vendor: str) -> type | None:
    kind = type(field.target_field if isinstance(field, ForeignKey) else field)
    if kind in {CharField, TextField}:
        return str
    # PostgreSQL's driver is told how wide a number is.
    return int if issubclass(kind, IntegerField) and vendor == "sqlite" else None


def _made(model: type[Row], found: Sequence[object]) -> Row:
    database = connections[DEFAULT_DB_ALIAS]
    values = _converted(found, _converters(_all_columns(model), database.vendor), database)
    return model.from_db(database.alias, _attribute_names(model), values)


def _converted(
    found: Sequence[object], converters: Converters, database: BaseDatabaseWrapper
) -> list[object]:
    """Return the database's values as the models' fields have them."""
    values = list(found)
    for at, expression, functions in converters:
        for convert in functions:
            values[at] = convert(values[at], expression, database)
    return values


@cache
def _field(model: type[Model], name: str) -> "Field[object, object]":
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, Field)
    return found


def _pk_column(model: type[Model]) -> str:
    return str(_field(model, "pk").column)


@cache
def _insertable(model: type[Model]) -> tuple[str, ...]:
    fields = model._meta.concrete_fields
    return tuple(field.name for field in fields if not field.generated and not _is_made(field))


def _is_made(field: "Field[object, object]") -> bool:
    """Whether the database makes the value."""
    return field.primary_key and getattr(field, "db_returning", False)


@cache
def _attribute_names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _all_columns(model: type[Model]) -> tuple[Column, ...]:
    return tuple((model, field.name) for field in model._meta.concrete_fields)


@cache
def _columns_together(models: tuple[type[Model], ...]) -> tuple[Column, ...]:
    return tuple(column for model in models for column in _all_columns(model))


@cache
def _converters(columns: tuple[Column, ...], vendor: str) -> Converters:
    """Return what turns the database's values into the models': place, column, functions."""
    found: Converters = []
    for at, (model, name) in enumerate(columns):
        column = _field(model, name).get_col(model._meta.db_table)
        converters = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        if converters:
            found.append((at, column, converters))
    return found


@cache
def _select(model: type[Model]) -> str:
    columns = _names(str(field.column) for field in model._meta.concrete_fields)
    return f"SELECT {columns} FROM {connection.ops.quote_name(model._meta.db_table)} WHERE "  # noqa: S608  (names are the models')


@cache
def _select_columns(columns: tuple[Column, ...], joins: str) -> str:
    quote = connection.ops.quote_name
    named = ", ".join(
        f"{quote(model._meta.db_table)}.{quote(column_name(model, name))}" for model, name in columns
    )
    return f"SELECT {named} FROM {quote(columns[0][0]._meta.db_table)} {joins} WHERE "  # noqa: S608  (names are the models')


@cache
def _insert(model: type[Model], names: tuple[str, ...], count: int) -> str:
    columns = _names(column_name(model, name) for name in names)
    marks = f"({', '.join(['%s'] * len(names))})"
    table = connection.ops.quote_name(model._meta.db_table)
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([marks] * count)}"  # noqa: S608


@cache
def _update(model: type[Model], changes: tuple[str, ...], guard: tuple[str, ...], grow: str) -> str:
    quote = connection.ops.quote_name
    parts = [f"{quote(column_name(model, name))} = %s" for name in changes]
    if grow:
        parts.append(f"{quote(column_name(model, grow))} = {quote(column_name(model, grow))} + 1")
    where = " AND ".join(f"{quote(column_name(model, name))} = %s" for name in guard)
    return f"UPDATE {quote(model._meta.db_table)} SET {', '.join(parts)} WHERE {where}"  # noqa: S608


def column_name(model: type[Model], name: str) -> str:
    """Return the column of the model's field of this name."""
    return str(_field(model, name).column)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(column) for column in columns)
