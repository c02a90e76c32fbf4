"""Import of the file that a phone exports when it cannot send: the records and photos that the server may not have.

Each is treated like an import of its own (`PUT /v1/visits/{id}/taken-in/{record}`, `PUT /v1/evidence/{sha256}`), so
that one that is refused does not concern the others, and the same file may be imported again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate
from service.audit_log import erasures
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.devices.signatures import parse_signature_header
from service.errors import (
    BodyTooLarge,
    DeviceRevoked,
    DigestMismatch,
    FileTooLarge,
    InternalError,
    NotAuthenticated,
    PermissionDenied,
    Problem,
)
from service.judge.bounds import CodeText, LoginText, ShortText, check_time
from service.judge.entries import AwareDatetime, Sha256
from service.records.manual_import import import_record
from service.visits import evidence_files
from service.web.decoding import decode_strict

from .attach import attach_file

Item = TypeVar("Item", "ExportedRecord", "ExportedFile")
Outcome = Literal["taken", "known", "refused"]
MAX_RECORDS, MAX_FILES = 5000, 1000


class ExportedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record: the exact bytes of the request in Base64, with the value of `X-Signature`, and who wrote it."""

    id: UUID
    visit: UUID
    person: LoginText | None = None
    sha256: Sha256
    signature: Annotated[str, Meta(max_length=1000)] | None = None
    created_at: AwareDatetime
    bytes: bytes


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A photo or the picture of a signature, in Base64."""

    sha256: Sha256
    visit: UUID
    kind: CodeText
    taken_at: AwareDatetime
    bytes: bytes


class PhoneExport(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a phone exports (docs/phone.md)."""

    format: Literal["doorstep-export@1"]
    exported_at: AwareDatetime
    app: ShortText = ""
    person: LoginText | None = None
    records: Annotated[tuple[ExportedRecord, ...], Meta(max_length=MAX_RECORDS)]
    files: Annotated[tuple[ExportedFile, ...], Meta(max_length=MAX_FILES)]

    def __post_init__(self) -> None:
        check_time("exported_at", self.exported_at)
        for number, record in enumerate(self.records):
            check_time(f"records[{number}].created_at", record.created_at)
        for number, file in enumerate(self.files):
            check_time(f"files[{number}].taken_at", file.taken_at)


class ImportedItem(msgspec.Struct, frozen=True):
    """What became of a record or file; `problem` says why it was refused."""

    item: ExportedRecord | ExportedFile
    outcome: Outcome
    problem: Problem | None = None


class ImportedExport(msgspec.Struct, frozen=True):
    """What became of everything in a file."""

    export: PhoneExport
    records: tuple[ImportedItem, ...]
    files: tuple[ImportedItem, ...]

    def count(self, outcome: Outcome) -> int:
        """How many items have this outcome."""
        return sum(one.outcome == outcome for one in (*self.records, *self.files))


_decoder = msgspec.json.Decoder(PhoneExport)


async def import_export(ctx: AppContext, token: bytes, raw: bytes, max_body: int) -> ImportedExport:
    """Import all records, then all files. `max_body`: the largest record in bytes.

    MalformedJson or InvalidBody if it is no such file; then nothing is imported.
    """
    person = await authenticate(ctx, token, "take in records")
    export = decode_strict(_decoder, raw)

    async def record(one: ExportedRecord) -> bool:
        _check(one, max_body, BodyTooLarge)
        signature = parse_signature_header(one.signature)
        receipt = await import_record(ctx, token, one.visit, one.id, one.bytes, one.person, signature)
        return not receipt.replayed

    async def file(one: ExportedFile) -> bool:
        _check(one, ctx.evidence_storage.max_file, FileTooLarge)
        await _refuse_erased(ctx, person.login, one)
        return await attach_file(ctx, token, bytes.fromhex(one.sha256), _parts(one.bytes))

    return ImportedExport(
        export,
        tuple([await _outcome(one, record) for one in export.records]),
        tuple([await _outcome(one, file) for one in export.files]),
    )


def _check(one: ExportedRecord | ExportedFile, limit: int, too_large: type[Problem]) -> None:
    if len(one.bytes) > limit:
        raise too_large(f"at most {limit} bytes")
    if sha256(one.bytes).hexdigest() != one.sha256:
        raise DigestMismatch


@read_only
async def _refuse_erased(_: AppContext, tx: Transaction, login: str, one: ExportedFile) -> None:
    """A photo of an erased visit whose record the server never had, so that it does not know the photo."""
    if not await evidence_files.visits_referencing(tx, bytes.fromhex(one.sha256), login):
        await erasures.refuse_erased(tx, one.visit)


async def _parts(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _outcome(one: Item, import_one: Callable[[Item], Awaitable[bool]]) -> ImportedItem:
    try:
        return ImportedItem(one, "taken" if await import_one(one) else "known")
    except (NotAuthenticated, DeviceRevoked, PermissionDenied, InternalError):
        raise
    except Problem as problem:
        return ImportedItem(one, "refused", problem)
