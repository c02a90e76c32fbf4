"""Strict decoding of input; errors name the place in it."""

import re
from bisect import bisect_left
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec

from service.errors import FieldError, InvalidBody, InvalidQuery, MalformedJson, json_pointer
from service.field_kinds import invisible_fields
from service.judge.bounds import FIRST_YEAR, LAST_YEAR, YEARS

T = TypeVar("T")
_encoder = msgspec.json.Encoder()
HARMLESS_DEPTH = 500
"""Brackets with which no body is nested too deeply to be decoded anywhere."""
_UUID = re.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_VALUE = re.compile("(Invalid enum value) .*", re.DOTALL)
_DIGITS = {**str.maketrans("0123456789abcdefABCDEF", "#" * 22), ord("#"): "?"}
LONGEST_TO_SEARCH = 2**16
"""Bytes of a body of which the wrong key of a mapping is looked for."""
_NAME = re.compile(r"[\w-]{1,60}(\[[\w-]{1,60}\])?")
_SHAPE = "########-####-####-####-############"
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def decode_strict(decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    """Decode a body. MalformedJson or InvalidBody. Of duplicate keys the last one counts."""
    require_storable_text(raw)
    return _with_visible_texts(decode_storable(decoder, raw, find_keys=True))


def require_storable_text(raw: bytes) -> None:
    """Refuse what the decoder overlooks in unknown fields: no UTF-8, or U+0000. MalformedJson, InvalidBody."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedJson(f"not UTF-8 at byte {error.start}") from None
    # in JSON, U+0000 can only be an escape; PostgreSQL cannot store it in text, so it is refused
    if b"\\u0000" in raw and _has_null_escape(raw):
        raise InvalidBody("U+0000 is not allowed in text", (FieldError("", "null-character", "remove U+0000"),))


def decode_storable(decoder: msgspec.json.Decoder[T], raw: bytes, *, find_keys: bool = False) -> T:
    """Decode a body whose text is known to be storable. MalformedJson, InvalidBody.

    With `find_keys` an error in a mapping names the key too.
    """
    try:
        deep = raw.count(b"{") + raw.count(b"[") > HARMLESS_DEPTH
        return _decode_with_stack_headroom(decoder, raw, 100) if deep else decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _invalid(error, decoder if find_keys and len(raw) <= LONGEST_TO_SEARCH else None, raw) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedJson(str(error)) from None


def _decode_with_stack_headroom(decoder: msgspec.json.Decoder[T], raw: bytes, frames: int) -> T:
    """Decode with so many frames to spare, so that what was stored can be decoded again from any call depth."""
    return _decode_with_stack_headroom(decoder, raw, frames - 1) if frames else decoder.decode(raw)


def convert_strict(model: type[T], values: dict[str, Any]) -> T:
    """The fields of a form as a Struct. InvalidBody."""
    try:
        found = msgspec.convert(values, model)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    return _with_visible_texts(found)


def _with_visible_texts(body: T) -> T:
    """The body. InvalidBody if there is nothing to see in a text that has to say something."""
    if wrong := list(invisible_fields(body)):
        detail = "请填写看得见的文字 / there is nothing to see in this text"
        raise InvalidBody("", tuple(FieldError(json_pointer(*path), "missing", detail) for path in wrong[:20]))
    return body


def _invalid(
    error: msgspec.ValidationError, decoder: msgspec.json.Decoder[Any] | None = None, raw: bytes = b""
) -> InvalidBody:
    """The place that does not have the right form; in a mapping, with the key if the body is given."""
    text, at, path = str(error).rpartition(" - at `")
    if not at:  # it concerns the whole body
        text, path = path, ""
    text = _VALUE.sub(r"\1", text)  # never echo input
    return InvalidBody("", (FieldError(_pointer(path.removesuffix("`"), decoder, raw), "invalid", text),))


def to_json(content: object) -> bytes:
    """Encode as JSON."""
    return _encoder.encode(content)


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID with its hyphens."""
    return _UUID.fullmatch(text) is not None


def parse_uuid(text: str, pointer: str) -> UUID:
    """Parse a UUID of a body. InvalidBody."""
    if not _UUID.fullmatch(text):
        raise InvalidBody("", (FieldError(pointer, "not-a-uuid", "must be a UUID"),))
    return UUID(text)


def parse_timestamp(text: str, name: str) -> datetime:
    """Parse a time of a query (RFC 3339, with an offset). InvalidQuery."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidQuery(f"`{name}` must be RFC 3339 with an offset, such as 2026-03-02T09:00:00+08:00")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InvalidQuery("", (FieldError(f"/{name}", "invalid", YEARS),))
    return found


def require_uuid_ids(ids: list[str]) -> None:
    """InvalidBody unless the ids of all entries are UUIDs."""
    if ",".join(ids).translate(_DIGITS) == ",".join([_SHAPE] * len(ids)):
        return  # all at once: matching a pattern against each would cost more than decoding them
    wrong = [number for number, text in enumerate(ids) if not _UUID.fullmatch(text)]
    if wrong:
        raise InvalidBody("", tuple(FieldError(f"/entries/{n}/id", "not-a-uuid", "must be a UUID") for n in wrong[:20]))


def _has_null_escape(raw: bytes) -> bool:
    """Whether there is an escape of U+0000, as opposed to an escaped backslash before `u0000`."""
    return re.search(rb"(?<!\\)(?:\\\\)*\\u0000", raw) is not None


def _pointer(path: str, decoder: msgspec.json.Decoder[Any] | None, raw: bytes) -> str:
    """`$.entries[3].at` as the JSON Pointer `/entries/3/at`."""
    steps: list[str] = [name or number for name, number in _STEP.findall(path)]
    if "..." not in steps:
        return json_pointer(*steps)
    first = steps.index("...")  # a key of a mapping: the decoder does not tell which
    try:
        key = None if decoder is None else _wrong_key(path, steps[:first], decoder, raw)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):  # there is more wrong with the body
        key = None
    return json_pointer(*steps[:first]) if key is None else json_pointer(*steps[:first], key)


def _wrong_key(path: str, steps: list[str], decoder: msgspec.json.Decoder[Any], raw: bytes) -> str | None:
    """The key in the mapping at `steps` at which decoding stops: the last of the fewest keys with which it does."""
    whole: Any = {"": msgspec.json.decode(raw)}
    holder: Any = whole
    last: Any = ""
    for step in steps:
        holder = holder[last]
        last = _place(holder, step)
    items = list(cast("dict[str, Any]", holder[last]).items())

    def stops(count: int) -> bool:
        holder[last] = dict(items[:count])
        try:
            decoder.decode(to_json(whole[""]))
        except msgspec.ValidationError as error:
            return str(error).endswith(f" - at `{path}`")
        return False

    count = bisect_left(range(len(items) + 1), True, key=stops)
    key = items[count - 1][0] if 0 < count <= len(items) else ""
    return key if is_plain_key(key) else None


def _place(holder: object, step: str) -> int | str:
    """A step of a path: into a list by its number, into an object by its name."""
    return int(step) if isinstance(holder, list) else step


def is_plain_key(key: str) -> bool:
    """Whether the key of a mapping is named in an error: an item, a field, `item[thing]`. Others are not echoed."""
    return _NAME.fullmatch(key) is not None
