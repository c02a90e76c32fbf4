"""What a sign-in in several steps has to remember in between, found once by a random value in the browser's cookie."""

from hashlib import sha256
from secrets import token_urlsafe
from typing import Literal, TypeVar

import msgspec

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import InvalidOneTimeCode
from service.web.request import AnyRequest
from service.web.request_info import get_cookie

T = TypeVar("T", bound=msgspec.Struct)
Purpose = Literal["passkey", "new-passkey", "oidc", "wecom"]
LIFETIME_MS = 10 * 60_000
COOKIE = b"__Host-doorstep-step"
_ATTRIBUTES = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d"  # it comes back from the site that signs in


@transaction
async def remember(ctx: AppContext, tx: Transaction, purpose: Purpose, content: msgspec.Struct) -> tuple[bytes, bytes]:
    """Store something for ten minutes; the cookie with which it is found."""
    token, now = token_urlsafe(24), ctx.clock()
    await tx.execute("delete_old_challenges", at=now)
    await tx.execute(
        "add_challenge",
        digest=_digest(purpose, token),
        content=msgspec.json.encode(content),
        expires_at=now + LIFETIME_MS,
    )
    return b"set-cookie", COOKIE + b"=" + token.encode() + _ATTRIBUTES % (LIFETIME_MS // 1000)


@transaction
async def recall(ctx: AppContext, tx: Transaction, purpose: Purpose, request: AnyRequest, kind: type[T]) -> T:
    """What was stored for this browser, this once. InvalidOneTimeCode."""
    digest = _digest(purpose, get_cookie(request.scope, COOKIE) or "")
    row = await tx.fetch_one("challenge", digest=digest, at=ctx.clock())
    if row is None or await tx.execute("delete_challenge", digest=digest) == 0:
        raise InvalidOneTimeCode
    return msgspec.json.decode(row[0], type=kind)


def forgotten() -> tuple[bytes, bytes]:
    """The cookie, removed."""
    return b"set-cookie", COOKIE + b"=" + _ATTRIBUTES % 0


def _digest(purpose: str, token: str) -> bytes:
    return sha256(f"{purpose} {token}".encode()).digest()
