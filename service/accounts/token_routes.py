"""What lets me in: my tokens and my password; for admins the tokens of others."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.params import JSONBody

from service.errors import InvalidCredentials, NotFound, SignInAgain
from service.web.api_document import CHANGE_ERRORS, READ_ERRORS, WRITE_ERRORS, example, problems
from service.web.query import path_text
from service.web.request import AnyRequest
from service.web.strict_body import StrictBody

from . import sessions, tokens
from .caller import Caller, requires
from .sessions import PasswordChange
from .sign_in_origin import origin_of
from .tokens import TokenView

Login = Annotated[str, path_text("The person's login.")]
TokenId = Annotated[str, path_text("The token's id, as listed.")]
_NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
_TOKENS = (TokenView("8f3a5c0de1b24796", "session", "Chrome Windows", _NOON, _NOON, _NOON, None, current=True),)


class TokensController(Controller):
    """Sessions, tokens of scripts and of phones, listed and ended one by one."""

    tags = ("people",)
    return_dto = None

    @get(
        "/v1/me/tokens",
        summary="What lets me in: sessions of browsers, scripts and phones, the last used first",
        operation_class=example(answer=_TOKENS),
        responses=problems(*READ_ERRORS),
    )
    async def list_own_tokens(self, caller: Caller) -> tuple[TokenView, ...]:
        """Only those that have not ended. A month before the token of a script ends, each answer to it has the header
        `token-expires` with that time."""
        return await tokens.tokens_of(*caller)

    @delete(
        "/v1/me/tokens/{token_id:str}",
        summary="End one of my sessions or tokens, at once",
        status_code=204,
        responses=problems(*CHANGE_ERRORS, NotFound),
    )
    async def end_own_token(self, caller: Caller, token_id: TokenId) -> None:
        """Also the one of this request. A phone whose token ends keeps what it has not sent, and has to be enrolled
        again."""
        await tokens.end_token(*caller, token_id)

    @get(
        "/v1/people/{login:str}/tokens",
        summary="What lets somebody in",
        guards=[requires("add people")],
        operation_class=example(answer=_TOKENS),
        responses=problems(*READ_ERRORS, NotFound),
    )
    async def list_tokens(self, caller: Caller, login: Login) -> tuple[TokenView, ...]:
        """For admins."""
        return await tokens.tokens_of(*caller, login)

    @delete(
        "/v1/people/{login:str}/tokens/{token_id:str}",
        summary="End one of somebody's sessions or tokens, at once",
        status_code=204,
        guards=[requires("add people")],
        responses=problems(*CHANGE_ERRORS, NotFound, SignInAgain),
    )
    async def end_token(self, caller: Caller, login: Login, token_id: TokenId) -> None:
        """For admins."""
        await tokens.end_token(*caller, token_id, login)

    @put(
        "/v1/me/password",
        summary="Change my password; my other sessions end",
        status_code=204,
        request_max_body_size=8192,
        dto=StrictBody[PasswordChange],
        operation_class=example(PasswordChange("correct horse battery", "小桥流水人家枯藤老树昏鸦")),
        responses=problems(*WRITE_ERRORS, InvalidCredentials),
    )
    async def change_password(self, request: AnyRequest, caller: Caller, data: JSONBody[PasswordChange]) -> None:
        """Wrong tries count as at sign-in. The body has at most 8192 bytes, not packed."""
        await sessions.change_password(caller.ctx, origin_of(request), caller.token, data)


ROUTES = (TokensController,)
