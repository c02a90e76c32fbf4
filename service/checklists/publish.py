"""Publishing checklists: a version is checked, stored, and never changes."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token
from service.audit_log import log
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import NotFound

from . import repository
from .lint import lint
from .loader import bundled_checklists_dir, load_checklist
from .repository import ChecklistRow

BUNDLED = "随程序发布的初始版本 / bundled with the program"
"""Why the first version was published."""


class PublishError(ValueError):
    """The folder cannot be published; the message lists the reasons."""


class PublishedChecklist(msgspec.Struct, frozen=True):
    """A published version, in a list."""

    id: Annotated[str, Meta(description="The checklist's id.")]
    version: Annotated[str, Meta(description="The number of the version.")]
    sha256: Annotated[str, Meta(description="The SHA-256 of the document, in hexadecimal; also its ETag.")]
    published_at: Annotated[datetime, Meta(description="When it was published.")]
    published_by: Annotated[str, Meta(description="Who published it.")]
    reason: Annotated[str, Meta(description="Why it was published.")]


class PublishedChecklists(msgspec.Struct, frozen=True):
    """All published versions."""

    items: Annotated[tuple[PublishedChecklist, ...], Meta(description="All versions of all checklists.")]


async def publish(ctx: AppContext, folder: Path, who: str, why: str) -> PublishedChecklist:
    """Publish the checklist of a folder. Again, it changes nothing; a version with other content is refused."""
    if faults := lint(folder):
        raise PublishError("\n".join(map(str, faults)))
    checklist = load_checklist(folder).checklist
    body = msgspec.json.encode(checklist)
    leaf, salt = ctx.new_id(), ctx.new_salt()
    row = ChecklistRow(
        id=checklist.id,
        version=str(checklist.version),
        sha256=sha256(body).digest(),
        body=body,
        published_at=ctx.clock(),
        published_by=who,
        reason=why,
        leaf=leaf,
        salt=salt,
    )

    async def store(tx: Transaction) -> ChecklistRow:
        if await repository.add_checklist(tx, row):
            commitment = repository.checklist_commitment(row)
            await log.append_leaf(tx, "policy", leaf, salt, row.sha256, row.published_at, commitment)
            return row
        known = await repository.get_checklist(tx, row.id, row.version)
        if known is None or known.sha256 != row.sha256:
            raise PublishError(
                f"{checklist.name} 已发布且内容不同，请改用下一个版本号\n"
                f"{checklist.name} was published with other content; give it the next version number"
            )
        return known

    return _to_view(ctx, await ctx.db.write(store))


async def publish_bundled_checklist(ctx: AppContext) -> None:
    """Publish the bundled checklist in a new database."""
    if not await ctx.db.read(repository.list_checklists):
        await publish(ctx, bundled_checklists_dir(), "doorstep", BUNDLED)


@read_only
async def list_published(ctx: AppContext, tx: Transaction, token: bytes) -> PublishedChecklists:
    """Every published version."""
    await authenticate_token(tx, token)
    return PublishedChecklists(tuple(_to_view(ctx, row) for row in await repository.list_checklists(tx)))


async def get_document(ctx: AppContext, token: bytes, checklist: str, version: str) -> tuple[bytes, str]:
    """The exact bytes of a version, and their SHA-256 for the ETag."""

    async def load(tx: Transaction) -> ChecklistRow | None:
        await authenticate_token(tx, token)
        return await repository.get_checklist(tx, checklist, version)

    row = await ctx.db.read(load)
    if row is None:
        raise NotFound
    return row.body, row.sha256.hex()


def _to_view(ctx: AppContext, row: ChecklistRow) -> PublishedChecklist:
    return PublishedChecklist(
        row.id, row.version, row.sha256.hex(), ctx.to_local_time(row.published_at), row.published_by, row.reason
    )
