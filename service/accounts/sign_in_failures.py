"""What remains of an attempt to sign in that failed: an event and a line in the log, without names and addresses."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import InvalidCredentials, TooManyRequests
from service.web.access_log import get_logger

from . import repository
from .authentication import address_label, login_label
from .events import Act, PersonEvent, record_event


@asynccontextmanager
async def failures_recorded(ctx: AppContext, address: str, given: str) -> AsyncGenerator[None]:
    """Records an event for InvalidCredentials. Throttled attempts leave none, so that their number is bounded."""
    try:
        yield
    except InvalidCredentials:
        await _record_failure(ctx, address, given)
        log_sign_in("sign_in_failed", address, given)
        raise
    except TooManyRequests:
        log_sign_in("sign_in_throttled", address, given)
        raise


def log_sign_in(what: str, address: str, login: str) -> None:
    """A line without the login and the address: their digests are those of the events."""
    get_logger().info(what, login=login_label(login), address=address_label(address))


@transaction
async def _record_failure(ctx: AppContext, tx: Transaction, address: str, given: str) -> None:
    """An event of the person, or where nobody has that login, of its keyed digest."""
    login, label = await repository.known_login(tx, given), address_label(address)
    if await repository.person(tx, login) is None:
        await record_event(ctx, tx, Act(what="sign-in-failed", by="", subject=login_label(given), address=label))
        return
    await record_event(ctx, tx, PersonEvent(what="sign-in-failed", person=login, by="", address=label))
