"""The tokens of a person: sessions of browsers, scripts and phones. They are listed, and ended one by one."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound, PermissionDenied, UnknownPerson

from . import credentials, repository
from .authentication import (
    DAY_MS,
    WARNING_MS,
    authenticate_token,
    require_permission,
    token_digest,
    token_end,
    token_owner,
)
from .credentials import TokenKind, TokenRow
from .events import OPERATOR, PersonEvent, record_event
from .recent_sign_in import require_recent_sign_in

WARNING = timedelta(milliseconds=WARNING_MS)
"""How long before its end a page says that a token ends soon."""


class TokenView(msgspec.Struct, frozen=True):
    """Something that lets its holder in as the person."""

    id: Annotated[str, Meta(description="The token's id, by which it is ended; it lets nobody in.")]
    kind: Annotated[TokenKind, Meta(description="`session` of a browser, `script`, or `device`, which is a phone.")]
    name: Annotated[str, Meta(description="What it is for; of a session the browser and the system.")]
    created_at: Annotated[datetime, Meta(description="When it was made; of a session when the person signed in.")]
    used_at: Annotated[datetime | None, Meta(description="When it was last used, to the minute.")]
    expires_at: Annotated[
        datetime | None,
        Meta(description="When it ends, if it is not used until then; a script's ends in any case. Null: never."),
    ]
    device: Annotated[UUID | None, Meta(description="Id of the phone; null for other kinds.")]
    current: Annotated[bool, Meta(description="Whether it is the one of this request.")]


def token_id(digest: bytes) -> str:
    """By which a token is named; it follows from the digest, one way."""
    return sha256(b"token id " + digest).hexdigest()[:16]


@read_only
async def tokens_of(ctx: AppContext, tx: Transaction, token: bytes, login: str | None = None) -> tuple[TokenView, ...]:
    """The caller's tokens or, for an admin, those of somebody else, the last used first. NotFound."""
    caller = await authenticate_token(tx, token)
    if login is not None:
        require_permission(caller, "add people")
        login = await repository.known_login(tx, login)
        if await repository.find_including_former(tx, login) is None:
            raise NotFound
    found = [_view(ctx, row, token) for row in await _living(ctx, tx, login or caller.login)]
    return tuple(sorted(found, key=lambda one: one.used_at or one.created_at, reverse=True))


@transaction
async def end_token(ctx: AppContext, tx: Transaction, token: bytes, wanted: str, login: str | None = None) -> None:
    """End one of the caller's tokens or, for an admin, of somebody else's. NotFound, also when it has ended;
    SignInAgain; PermissionDenied for a phone, which may be in other hands, unless it ends the token of a phone."""
    holder = await token_owner(tx, token)
    caller = holder.person
    if login is not None:
        require_permission(caller, "add people")
        await require_recent_sign_in(ctx, tx, token)
        login = await repository.known_login(tx, login)
    owner = login or caller.login
    await repository.lock(tx, owner)
    row = next((row for row in await credentials.living_tokens(tx, owner) if token_id(row.digest) == wanted), None)
    if row is None:
        raise NotFound
    if holder.kind == "device" and row.kind != "device":
        raise PermissionDenied
    await credentials.revoke_token(tx, row.digest, ctx.clock())
    what = "session-ended" if row.kind == "session" else "token-ended"
    await record_event(ctx, tx, PersonEvent(what=what, person=owner, by=caller.login, reason=row.label))


async def end_other_sessions(ctx: AppContext, tx: Transaction, login: str, but: bytes) -> None:
    """End all sessions of a person except one."""
    for row in await credentials.living_tokens(tx, login):
        if row.kind == "session" and row.digest != but:
            await credentials.revoke_token(tx, row.digest, ctx.clock())


@transaction
async def make_script_token(ctx: AppContext, tx: Transaction, login: str, name: str, days: int | None) -> str:
    """A new token for a script, from the command line. UnknownPerson."""
    login = await repository.known_login(tx, login)
    if not await repository.lock(tx, login):
        raise UnknownPerson
    token = token_urlsafe(32)
    await add_script_token(ctx, tx, token_digest(token), login, name, days)
    await record_event(ctx, tx, PersonEvent(what="script-token", person=login, by=OPERATOR, reason=name))
    return token


async def add_script_token(
    ctx: AppContext, tx: Transaction, digest: bytes, login: str, name: str = "", days: int | None = None
) -> None:
    """Add a token for scripts, which ends after so many days."""
    now = ctx.clock()
    end = now + (days or ctx.sign_in.script_days) * DAY_MS
    await credentials.add_token(tx, digest, login, now, label=name, expires_at=end)


@transaction
async def end_unlimited_scripts(ctx: AppContext, tx: Transaction) -> None:
    """Give an end to tokens of scripts that an older version made without one: a full term from now on."""
    await tx.execute("end_unlimited_scripts", at=ctx.clock() + ctx.sign_in.script_days * DAY_MS)


async def _living(ctx: AppContext, tx: Transaction, login: str) -> list[TokenRow]:
    now = ctx.clock()
    rows = await credentials.living_tokens(tx, login)
    return [row for row in rows if (end := token_end(ctx, row)) is None or end > now]


def _view(ctx: AppContext, row: TokenRow, current: bytes) -> TokenView:
    end = token_end(ctx, row)
    return TokenView(
        id=token_id(row.digest),
        kind=row.kind,
        name=row.label,
        created_at=ctx.to_local_time(row.created_at),
        used_at=None if row.used_at is None else ctx.to_local_time(row.used_at),
        expires_at=None if end is None else ctx.to_local_time(end),
        device=row.device,
        current=row.digest == current,
    )
