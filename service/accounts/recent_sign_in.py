"""Grave acts ask whether the person signed in just now."""

from service.context import AppContext
from service.db.database import Transaction
from service.errors import SignInAgain

from .authentication import MINUTE_MS, token_owner


async def require_recent_sign_in(ctx: AppContext, tx: Transaction, token: bytes) -> None:
    """SignInAgain if the browser's person signed in longer ago than grave acts allow: somebody else may sit there.

    Tokens of scripts are made for what they do, and phones may do nothing grave.
    """
    owner = await token_owner(tx, token)
    if owner.kind == "session" and ctx.clock() >= owner.created_at + ctx.sign_in.proof_minutes * MINUTE_MS:
        raise SignInAgain
