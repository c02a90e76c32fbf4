"""Renditions: copies of photos without metadata, made when first requested. The original is never served."""

import asyncio
import os
import shutil
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from signal import SIGKILL
from tempfile import mkdtemp
from uuid import UUID

from PIL import Image

from service.accounts import cards
from service.accounts.authentication import authenticate_token
from service.accounts.permissions import Person, can_view_visit, is_assigned_to
from service.audit_log import erasures
from service.blobs.evidence_storage import EvidenceStorage
from service.blobs.store import blob_path
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread
from service.errors import NotFound, ServiceUnavailable, UnreadableImage
from service.visits import evidence_files, looks
from service.visits import repository as visits_repository
from service.visits.loading import load_visit
from service.web.access_log import get_logger
from service.web.defects import or_unreadable

from . import thumbnail_worker

TIMEOUT_SECONDS = 30.0  # of wall time; the worker has ten seconds of processor time
RENDITION_VERSION = "1"  # change it when renditions are made differently
SMALL_EDGE = 480  # pixels
_TRANSIENT_EXIT_CODES = (1, 2, -SIGKILL)  # Python did not start, or the machine was out of memory


def etag(file: bytes) -> str:
    """The ETag of a rendition."""
    return f"{file.hex()}-{RENDITION_VERSION}"


@read_only
async def require_access(ctx: AppContext, tx: Transaction, token: bytes, file: bytes) -> None:
    """NotFound unless the person may view a visit to which the file was sent. It is a look at those visits, unless one
    of them is their own."""
    person = await authenticate_token(tx, token)
    paths = [path for path in await evidence_files.access_paths(tx, file) if _can_open(person, path)]
    if not paths:
        await erasures.refuse_erased(tx, file)
        raise NotFound
    await _note_look(ctx, tx, person, paths)


def _can_open(person: Person, path: evidence_files.FileAccess) -> bool:
    return _sent_it(person, path) or can_view_visit(person, path.technician, path.crew, path.area)


def _sent_it(person: Person, path: evidence_files.FileAccess) -> bool:
    return path.sender == person.login and person.can("see own records")  # also after the visit was reassigned


async def _note_look(ctx: AppContext, tx: Transaction, person: Person, paths: list[evidence_files.FileAccess]) -> None:
    if any(_sent_it(person, path) or is_assigned_to(person, path.technician, path.crew) for path in paths):
        return
    new = [one for one in dict.fromkeys(path.visit for path in paths) if not looks.is_noted(ctx, person.login, one)]
    for visit_id in new:
        if await or_unreadable(ctx, visit_id, _is_own_work(ctx, tx, person, visit_id)):
            return
    for visit_id in new:
        looks.note(ctx, person.login, visit_id)


async def _is_own_work(ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID) -> bool:
    row = await visits_repository.get_visit(tx, visit_id)
    return row is not None and (await load_visit(ctx, tx, row)).is_own_work_of(person)


async def get_rendition(ctx: AppContext, file: bytes) -> bytes:
    """The rendition (JPEG). UnreadableImage when it cannot be made, ServiceUnavailable when it cannot be made now."""
    path = ctx.evidence_storage.copies / RENDITION_VERSION / f"{blob_path(file)}.jpg"
    found = await _read_copy(ctx, file, RENDITION_VERSION, path)
    if found is None:
        async with ctx.thumbnail_semaphore:
            found = await _read_copy(ctx, file, RENDITION_VERSION, path)  # another request may have made it meanwhile
            if found is None:
                await _make_rendition(ctx, file, path)
                found = await _read_copy(ctx, file, RENDITION_VERSION, path)
    if not found:  # an empty file records a photo that cannot be decoded
        raise UnreadableImage
    return found


async def _read_copy(ctx: AppContext, file: bytes, edition: str, path: Path) -> bytes | None:
    """A copy as it was made; None if there is none, or if somebody changed it: then it is made again."""
    found = await run_in_disk_thread(_read, path)
    if found is None:
        return None
    digest = sha256(found).digest()
    if await ctx.db.read(lambda tx: evidence_files.is_copy(tx, file, edition, digest)):
        return found
    get_logger().warning("copy_of_photo_made_again", file=file.hex())
    return None


@transaction
async def _record_copy(ctx: AppContext, tx: Transaction, file: bytes, edition: str, content: bytes) -> None:
    await evidence_files.add_copy(tx, file, edition, sha256(content).digest(), ctx.clock())


def find_renditions(storage: EvidenceStorage, file: bytes) -> list[Path]:
    """All copies of a photo, also those being made."""
    return list(storage.copies.glob(f"*/{blob_path(file)}*"))


def remove_renditions(storage: EvidenceStorage, file: bytes) -> None:
    """Delete all copies of a photo."""
    for path in find_renditions(storage, file):
        path.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


async def _make_rendition(ctx: AppContext, file: bytes, path: Path) -> None:
    await run_in_disk_thread(path.parent.mkdir, 0o700, parents=True, exist_ok=True)
    new = path.with_suffix(f".{ctx.new_id()}")
    row = await ctx.db.read(lambda tx: evidence_files.get_blob(tx, file))
    if row is None:
        raise NotFound
    try:
        if row.width * row.height == 0:  # truncated within its header: its decoded size is unknown
            status = thumbnail_worker.EXIT_UNREADABLE
        else:
            async with ctx.evidence_storage.blobs.open_local(file) as original:
                status = await _run(original, new)
        if status in _TRANSIENT_EXIT_CODES:
            raise ServiceUnavailable("the copy of the photo could not be made now")
        if status != 0:
            await run_in_disk_thread(new.write_bytes, b"")
        await _record_copy(ctx, file, RENDITION_VERSION, await run_in_disk_thread(new.read_bytes))
        await run_in_disk_thread(os.replace, new, path)
    finally:
        await run_in_disk_thread(new.unlink, missing_ok=True)


async def look_at_signature(ctx: AppContext, png: bytes) -> int:
    """The exit status of the worker that looks at the PNG of a signature: 0, or `EXIT_UNREADABLE` or `EXIT_BLANK`.
    ServiceUnavailable when it cannot be looked at now."""
    folder = Path(await run_in_disk_thread(mkdtemp, None, "doorstep-signature-"))
    try:
        await run_in_disk_thread((folder / "drawn.png").write_bytes, png)
        async with ctx.thumbnail_semaphore:
            status = await _run(folder / "drawn.png")
    finally:
        await run_in_disk_thread(shutil.rmtree, folder, ignore_errors=True)
    if status in (0, thumbnail_worker.EXIT_BLANK):
        return status
    if status in _TRANSIENT_EXIT_CODES:
        raise ServiceUnavailable("the signature could not be looked at now")
    return thumbnail_worker.EXIT_UNREADABLE


async def _run(*files: Path) -> int:
    """Run the worker; its exit status."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", thumbnail_worker.__file__, *map(str, files)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        return await asyncio.wait_for(process.wait(), TIMEOUT_SECONDS)
    except TimeoutError as error:
        raise ServiceUnavailable("the copy of the photo is not ready yet") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def get_small_rendition(ctx: AppContext, file: bytes) -> bytes:
    """A small copy of the rendition, which is safe to decode in this process."""
    edition = f"{RENDITION_VERSION}-{SMALL_EDGE}"
    path = ctx.evidence_storage.copies / edition / f"{blob_path(file)}.jpg"
    found = await _read_copy(ctx, file, edition, path)
    if found is None:
        found = await asyncio.to_thread(_shrink, await get_rendition(ctx, file))
        await _record_copy(ctx, file, edition, found)
        await run_in_disk_thread(_write, path, f".{ctx.new_id()}", found)
    return found


def _shrink(raw: bytes) -> bytes:
    with Image.open(BytesIO(raw), formats=["JPEG"]) as image:
        image.draft("RGB", (SMALL_EDGE, SMALL_EDGE))
        image.thumbnail((SMALL_EDGE, SMALL_EDGE))
        out = BytesIO()
        image.save(out, "JPEG", quality=75)
    return out.getvalue()


def _write(path: Path, suffix: str, raw: bytes) -> None:
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    new = path.with_suffix(suffix)
    new.write_bytes(raw)
    new.replace(path)


async def card_photo(ctx: AppContext, login: str | None) -> bytes:
    """The small photo on a person's ID card. NotFound when there is none."""
    card = await ctx.db.read(lambda tx: cards.get_card(tx, login)) if login else None
    if card is None or card.photo is None:
        raise NotFound
    return await get_small_rendition(ctx, card.photo)
