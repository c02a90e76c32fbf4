"""Asks a witness to sign a checkpoint (C2SP `tlog-witness`)."""

from base64 import b64encode
from collections.abc import Awaitable, Callable

from service.audit_log.notes import InvalidNote, parse_note, parse_signatures
from service.web.outgoing import Answer, send_request

from .bucket import TIMEOUT_SECONDS, PushFailed
from .targets import WitnessTarget

MAX_ANSWER = 65536
ProveConsistency = Callable[[int], Awaitable[list[bytes]]]
"""The proof that the checkpoint continues a tree of so many leaves."""


async def add_checkpoint(target: WitnessTarget, note: bytes, size: int, old: int, prove: ProveConsistency) -> list[str]:
    """The witness's signature lines of a checkpoint of `size` leaves. `old` is what it signed last, as far as is known;
    if it knows better it is asked once more. PushFailed, RequestFailed."""
    answer = await _post(target, _request(note, old, await prove(old)))
    if answer.status == 409:
        old = _size_of(answer)
        if old > size:
            raise PushFailed(f"the witness knows {old} leaves, and this log has {size}: was it rolled back?")
        answer = await _post(target, _request(note, old, await prove(old)))
    if answer.status != 200:
        raise PushFailed(f"HTTP {answer.status}")
    return _own_signatures(target, note, answer.body.decode(errors="replace"))


async def _post(target: WitnessTarget, content: bytes) -> Answer:
    return await send_request(
        "POST", f"{target.url}/add-checkpoint", seconds=TIMEOUT_SECONDS, limit=MAX_ANSWER, content=content
    )


def _request(note: bytes, old: int, path: list[bytes]) -> bytes:
    lines = [f"old {old}", *(b64encode(node).decode() for node in path), "", ""]
    return "\n".join(lines).encode() + note


def _size_of(answer: Answer) -> int:
    text = answer.body.decode(errors="replace").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise PushFailed("HTTP 409 without a size")
    return int(text)


def _own_signatures(target: WitnessTarget, note: bytes, lines: str) -> list[str]:
    """The lines that are the witness's; others are ignored, as the specification wants."""
    text, key = parse_note(note).text, target.key
    try:
        signatures = parse_signatures(lines)
    except InvalidNote as error:
        raise PushFailed(f"the answer is no signature: {error}") from None
    found: list[str] = []
    for line, one in zip(lines.splitlines(keepends=True), signatures, strict=True):
        if (one.name, one.key_id) == (key.name, key.id):
            if not key.verifies(text, one.signature):
                raise PushFailed("the signature of the witness is wrong")
            found.append(line)
    if not found:
        raise PushFailed("the answer is not signed with the key of the witness")
    return found
