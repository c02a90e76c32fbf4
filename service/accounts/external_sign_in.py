"""A session for somebody whom another system names: an identity provider, or WeCom."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.errors import InvalidCredentials, ProviderUnavailable, TotpRequired
from service.web.outgoing import RequestFailed, send_request

from . import credentials, repository
from .new_session import NewSession, start_session
from .permissions import SECOND_FACTOR
from .sign_in_failures import failures_recorded
from .sign_in_origin import SignInOrigin

TIMEOUT_SECONDS = 10.0
MAX_ANSWER = 262_144


async def start_external_session(
    ctx: AppContext, origin: SignInOrigin, login: str, *, has_second_factor: bool, at: int | None = None
) -> NewSession:
    """A new session of a present colleague, by login, who signed in there at a time (ms UTC; None: now).
    InvalidCredentials when there is none.

    TotpRequired for somebody with a second factor, or who needs one, when the other system asked for none.
    """

    async def start(tx: Transaction) -> NewSession:
        person = await repository.person(tx, await repository.known_login(tx, login)) if login else None
        if person is None or not await repository.lock(tx, person.login):
            raise InvalidCredentials
        factor = await credentials.get_totp(ctx, tx, person.login)
        has_own = (factor is not None and factor.confirmed_at is not None) or await credentials.has_passkey(
            tx, person.login
        )
        if not has_second_factor and (has_own or not SECOND_FACTOR.isdisjoint(person.roles)):
            raise TotpRequired
        return await start_session(ctx, tx, origin, person, await origin.known_browser_in(ctx, tx, person.login), at)

    async with failures_recorded(ctx, origin.address, login):
        return await ctx.db.write(start)


async def fetch_json(
    method: str, address: str, *, form: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object at an address. ProviderUnavailable; InvalidCredentials when what it is sent is refused."""
    try:
        answer = await send_request(
            method,
            address,
            seconds=TIMEOUT_SECONDS,
            limit=MAX_ANSWER,
            headers={"accept": "application/json"},
            form=form,
            auth=auth,
        )
        content: Any = msgspec.json.decode(answer.body)
    except RequestFailed as failure:
        raise ProviderUnavailable(str(failure)) from None
    except msgspec.DecodeError as error:
        raise ProviderUnavailable(type(error).__name__) from None
    if answer.status in (400, 401, 403):
        raise InvalidCredentials
    if answer.status != 200 or not isinstance(content, dict):
        raise ProviderUnavailable(f"对方答 HTTP {answer.status} / it answers HTTP {answer.status}")
    return cast("dict[str, Any]", content)
