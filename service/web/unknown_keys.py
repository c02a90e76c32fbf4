"""Refuses keys that a body does not have, so that a misspelt one does not go unnoticed.

What phones and customers' programs send is not checked: a newer one may send keys that this version does not know.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from msgspec import inspect

from service.errors import FieldError, InvalidBody, json_pointer

Path = tuple[str | int, ...]
MAX_LISTED = 20
_SHOWN = re.compile("[A-Za-z0-9_.-]{1,40}")
"""Keys that an error may repeat."""


def require_known_keys(model: Any, body: Any) -> None:
    """InvalidBody if a body, decoded without a type, has keys that the type does not."""
    wrong = [_error(path, known) for path, known in _unknown(_type_of(model), body, ())]
    if wrong:
        raise InvalidBody("", tuple(wrong[:MAX_LISTED]))


@cache
def _type_of(model: Any) -> inspect.Type:
    return inspect.type_info(model)


def _unknown(kind: inspect.Type, body: Any, path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The paths of unknown keys, and what keys there are."""
    if isinstance(kind, inspect.Metadata):
        yield from _unknown(kind.type, body, path)
    elif isinstance(kind, inspect.UnionType):
        wanted = inspect.StructType if isinstance(body, dict) else inspect.VarTupleType | inspect.ListType
        for one in kind.types:
            if isinstance(one, wanted):
                yield from _unknown(one, body, path)
    elif isinstance(kind, inspect.StructType) and isinstance(body, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, value in cast("dict[str, Any]", body).items():
            if key in fields:
                yield from _unknown(fields[key], value, (*path, key))
            else:
                yield (*path, key), tuple(fields)
    elif isinstance(kind, inspect.VarTupleType | inspect.ListType) and isinstance(body, list):
        for number, one in enumerate(cast("list[Any]", body)):
            yield from _unknown(kind.item_type, one, (*path, number))


def _error(path: Path, known: tuple[str, ...]) -> FieldError:
    *parent, key = path
    shown = _SHOWN.fullmatch(str(key)) is not None
    like = get_close_matches(str(key)[:40], known, 1)
    zh, en = (f"；是不是 {like[0]}？", f"; is it {like[0]}?") if like else ("", "")
    names = ", ".join(known)
    detail = f"没有这个字段{zh or '；'}有：{names} / no such key{en or ';'} there are: {names}"
    return FieldError(json_pointer(*(path if shown else parent)), "unknown-key", detail)
