"""A session begins, however the person proved who they are."""

from secrets import token_urlsafe
from typing import NamedTuple

from service.context import AppContext
from service.db.database import Transaction
from service.web.responses import Headers

from . import attempts, credentials, throttling
from .authentication import address_label, session_digest
from .events import PersonEvent, record_event
from .middleware import session_cookies
from .permissions import Person
from .sign_in_origin import SignInOrigin, known_cookie


class NewSession(NamedTuple):
    """A session that has begun."""

    token: str
    person: Person

    async def cookies(self, ctx: AppContext) -> Headers:
        """The cookies of the browser: of the session, and that the person is known there."""
        return (*session_cookies(self.token), await known_cookie(ctx, self.person.login))


async def start_session(
    ctx: AppContext, tx: Transaction, origin: SignInOrigin, person: Person, known: str, at: int | None = None
) -> NewSession:
    """Start a session in the transaction that has proved who it is. The one that the browser had ends.

    `at`: when the person proved it, if not now (ms UTC): the session is as old as that.
    """
    token, now = token_urlsafe(32), ctx.clock()
    if origin.session is not None:
        await credentials.revoke_token(tx, origin.session, now)
    begun = now if at is None else at
    await credentials.add_token(tx, session_digest(token), person.login, begun, "session", label=origin.label)
    if begun < now:  # otherwise it could have ended for want of use
        await credentials.mark_token_used(tx, session_digest(token), now)
    await throttling.reset_attempts(tx, origin.address, person.login, known)
    await attempts.delete_old(tx, now)
    label = address_label(origin.address)
    signed_in = PersonEvent(what="signed-in", person=person.login, by=person.login, address=label, device=origin.label)
    await record_event(ctx, tx, signed_in)
    return NewSession(token, person)
