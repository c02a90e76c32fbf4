"""Rows as Structs: the columns of a statement are the fields of a Struct, in the same order.

Trailing fields with defaults may lack a column. Ids are stored as 16 bytes, tuples of words or lines as one text.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from .database import Row, Transaction

T = TypeVar("T", bound=msgspec.Struct)
Lines = Annotated[tuple[str, ...], "\n"]
Words = Annotated[tuple[str, ...], " "]
Conversion = Callable[[Any], Any]


class _Shape(NamedTuple):
    names: tuple[str, ...]
    conversions: tuple[tuple[str, Conversion, Conversion], ...]


@cache
def _shape_of(kind: type[msgspec.Struct]) -> _Shape:
    hints = get_type_hints(kind, include_extras=True)
    found = [(name, *conversions) for name in kind.__struct_fields__ if (conversions := _conversions(hints[name]))]
    return _Shape(kind.__struct_fields__, tuple(found))


def _conversions(hint: Any) -> tuple[Conversion, Conversion] | None:
    """The conversions from a column and to a parameter, where the type needs any."""
    if hint is UUID:
        return lambda column: UUID(bytes=column), lambda value: value.bytes
    if UUID in get_args(hint):  # or None
        return (
            lambda column: None if column is None else UUID(bytes=column),
            lambda value: None if value is None else value.bytes,
        )
    if get_origin(hint) is Annotated and (separator := get_args(hint)[1]) in ("\n", " "):
        return lambda column: tuple(column.split(separator)) if column else (), separator.join
    return None


def from_row(kind: type[T], row: Row) -> T:
    """A row as a Struct."""
    names, conversions = _shape_of(kind)
    fields = dict(zip(names, row, strict=False))
    for name, read, _ in conversions:
        fields[name] = read(fields[name])
    return kind(**fields)


def to_params(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields of a Struct as the parameters of a statement."""
    params = msgspec.structs.asdict(struct)
    for name, _, write in _shape_of(type(struct)).conversions:
        params[name] = write(params[name])
    return params


async def fetch_struct(tx: Transaction, kind: type[T], query: str, /, **params: Any) -> T | None:
    """The first row of a statement, or None."""
    row = await tx.fetch_one(query, **params)
    return None if row is None else from_row(kind, row)


async def fetch_structs(tx: Transaction, kind: type[T], query: str, /, **params: Any) -> list[T]:
    """All rows of a statement."""
    return [from_row(kind, row) for row in await tx.fetch_all(query, **params)]


async def fetch_ids(tx: Transaction, query: str, /, **params: Any) -> list[UUID]:
    """The ids in the first column of a statement's rows."""
    return [UUID(bytes=row[0]) for row in await tx.fetch_all(query, **params)]
