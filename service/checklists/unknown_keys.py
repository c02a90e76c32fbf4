"""Finds the keys of plain data (as read from TOML or JSON) that a Struct does not have.

Bodies on the wire may have unknown keys, but checklists may not: a typo in a key would silently switch a duty off.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from msgspec import inspect


def unknown_keys(data: object, kind: Any) -> list[str]:
    """Dotted paths of the keys in `data` that the struct type `kind` does not have, in order."""
    return list(_unknown(data, _shape(kind), ""))


@cache
def _shape(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _unknown(data: object, shape: inspect.Type, path: str) -> Iterator[str]:
    match shape:
        case inspect.UnionType():
            for member in shape.types:
                yield from _unknown(data, member, path)
        case inspect.Metadata():
            yield from _unknown(data, shape.type, path)
        case inspect.StructType() if isinstance(data, Mapping):
            fields = {field.encode_name: field.type for field in shape.fields}
            for key, value in cast(Mapping[str, object], data).items():
                if key not in fields:
                    yield path + key
                else:
                    yield from _unknown(value, fields[key], f"{path}{key}.")
        case inspect.DictType() if isinstance(data, Mapping):
            for key, value in cast(Mapping[str, object], data).items():
                yield from _unknown(value, shape.value_type, f"{path}{key}.")
        case inspect.VarTupleType() if isinstance(data, list | tuple):
            for value in cast(list[object], data):
                yield from _unknown(value, shape.item_type, path)
        case _:
            return
