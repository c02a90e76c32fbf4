"""Recovery codes: ten that are used once each instead of the authenticator, for when the phone is gone.

They are shown once. Each begins with its number, so that only one hash is computed to check it.
"""

import re
from hashlib import sha256
from secrets import choice

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import TotpRequired

from . import credentials, passwords, repository
from .authentication import authenticate_token
from .events import PersonEvent, record_event
from .recent_sign_in import require_recent_sign_in

COUNT, LETTERS = 10, 12
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that look alike; 59 bits
_CODE = re.compile(rf"([0-9])([{ALPHABET}]{{{LETTERS}}})")


async def find(ctx: AppContext, login: str, given: str) -> tuple[int, str] | None:
    """The number and hash of an unused code that is right, or None. Their password was right."""
    match = _CODE.fullmatch(re.sub(r"[\s\-–—]", "", given).upper())
    if match is None:
        return None
    number = int(match[1])
    row = await ctx.db.read(lambda tx: tx.fetch_one("recovery_code", login=login, number=number))
    stored = None if row is None else row[0]
    return (number, stored) if await passwords.verify_password(stored, match[2], known=True) and stored else None


async def consume(ctx: AppContext, tx: Transaction, login: str, code: tuple[int, str]) -> None:
    """Use a code up. TotpRequired when it was used meanwhile."""
    number, stored = code
    if await tx.execute("use_recovery_code", login=login, number=number, hash=stored, at=ctx.clock()) == 0:
        raise TotpRequired
    await record_event(ctx, tx, PersonEvent(what="recovery-code-used", person=login, by=login))


async def left(tx: Transaction, login: str) -> int:
    """How many codes are not used yet."""
    row = await tx.fetch_one("recovery_codes_left", login=login)
    return row[0] if row else 0


async def edition(tx: Transaction, login: str) -> str:
    """By what a page tells which codes there were when it was made; empty if there were none. It gives no code away."""
    hashes = [stored for (stored,) in await tx.fetch_all("recovery_code_hashes", login=login)]
    return sha256("".join(hashes).encode()).hexdigest()[:16] if hashes else ""


async def make(ctx: AppContext, token: bytes, instead_of: str) -> tuple[str, ...] | None:
    """New codes, in place of those of the edition `instead_of`; None if there are others by now, as when the form is
    sent once more. SignInAgain; TotpRequired without a second factor to stand in for."""
    login = await _require_factor(ctx, token)
    codes = [f"{number}{''.join(choice(ALPHABET) for _ in range(LETTERS))}" for number in range(COUNT)]
    hashes = [await passwords.hash_password(code[1:], known=True) for code in codes]
    if not await _store(ctx, token, login, hashes, instead_of):
        return None
    return tuple(f"{code[:5]}-{code[5:9]}-{code[9:]}" for code in codes)


@transaction
async def _require_factor(ctx: AppContext, tx: Transaction, token: bytes) -> str:
    person = await authenticate_token(tx, token)
    await require_recent_sign_in(ctx, tx, token)
    factor = await credentials.get_totp(ctx, tx, person.login)
    if (factor is None or factor.confirmed_at is None) and not await credentials.has_passkey(tx, person.login):
        raise TotpRequired(enrol=True)
    return person.login


@transaction
async def _store(
    ctx: AppContext, tx: Transaction, token: bytes, login: str, hashes: list[str], instead_of: str
) -> bool:
    await authenticate_token(tx, token)
    await repository.lock(tx, login)  # who asks twice at once gets the codes of one of them
    if await edition(tx, login) != instead_of:
        return False
    await credentials.delete_recovery_codes(tx, login)
    rows = [
        {"login": login, "number": number, "hash": stored, "at": ctx.clock()} for number, stored in enumerate(hashes)
    ]
    await tx.execute_many("add_recovery_code", rows)
    await record_event(ctx, tx, PersonEvent(what="recovery-codes", person=login, by=login))
    return True
