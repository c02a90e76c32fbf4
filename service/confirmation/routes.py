"""The customer's link: the page, and the same as JSON. The forms of the page: `forms`."""

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe
from typing import Annotated, TypeVar

from litestar import Response, get, post, put
from litestar.params import JSONBody, PathParameter
from litestar.response.base import ASGIResponse

from service.accounts import throttling
from service.accounts.browser import Browser, browser_of
from service.accounts.caller import Context, PublicController
from service.accounts.middleware import browser_cookie, browser_cookie_header
from service.accounts.public_pages import PageController, public_page
from service.context import AppContext
from service.errors import (
    AnswerDeadlinePassed,
    AppointmentChanged,
    BodyTooLarge,
    InvalidBody,
    InvalidOtp,
    LinkExpired,
    MalformedJson,
    NoPhoneNumber,
    NotFound,
    OtpRequired,
    StatementChanged,
    StorageFull,
    TooManyRequests,
    UnreadableSignature,
    WrongMediaType,
)
from service.visits.customer_answers import AnswerInput, CustomerSubmission
from service.web.api_document import COMMON_ERRORS, example, form_operation, pages, problems
from service.web.request import AnyRequest
from service.web.strict_body import StrictBody

from . import answering, forms, otp, page
from .form_state import Visitor
from .otp import OtpAccepted, OtpSent, OtpSubmission
from .page import ConfirmationPage
from .render import render_page

T = TypeVar("T")

Token = Annotated[
    str,
    PathParameter(description="The token of the link in a message to the customer.", schema_extra={"maxLength": 200}),
]
GONE = (NotFound, LinkExpired, TooManyRequests)
PUBLIC_WRITES = (*COMMON_ERRORS, *GONE, StorageFull, BodyTooLarge, WrongMediaType, MalformedJson, InvalidBody)
MAX_ANSWER_BYTES = 800_000
"""Bytes of a customer's answers: a drawing is among them."""
ANSWERS = CustomerSubmission(answers=(AnswerInput(question="q_clean", good=True),), comment="师傅很仔细")


class CustomerPageController(PageController):
    """The customer's page, for who has the link."""

    tags = ("customer",)

    @get(
        "/c/{token:str}",
        summary="The customer's page; looking changes nothing",
        responses={**problems(*COMMON_ERRORS), **pages(200, 404, 410, 429)},
    )
    async def show_customers_page(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """Before the code it masks what only the customer may see. A browser without our cookie is given one."""

        async def work() -> ASGIResponse:
            details = await page.get_details(context, token, browser_of(request))
            response = render_page(request.scope, context, details, token)
            if not browser_cookie(request.scope):
                name, value = new_browser_cookie()
                response.headers.add(name, value)
            return response

        return await public_page(request, context, work)

    @post(
        "/c/{token:str}",
        summary="A form of the customer's page: the appointment, a code, answers, a signature or why there is none, …",
        status_code=303,
        operation_class=form_operation("The fields of the form; `does` says which."),
        responses={**problems(*COMMON_ERRORS), **pages(403, 404, 409, 410, 413, 415, 422, 429, 507)},
    )
    async def take_form(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """A form that was taken leads back to the page. What could not be taken comes back in it, with the reason."""
        visitor = Visitor(context, token, browser_of(request))
        return await public_page(request, context, lambda: forms.take_form(request, visitor))


class ConfirmationsController(PublicController):
    """The customer's page as JSON, for other clients."""

    tags = ("customer",)
    request_max_body_size = 8192

    @get(
        "/v1/confirmations/{token:str}",
        summary="The customer's page as JSON",
        responses=problems(*COMMON_ERRORS, *GONE),
    )
    async def show_confirmation(
        self, request: AnyRequest, context: Context, token: Token
    ) -> Response[ConfirmationPage]:
        """What the customer sees and may do now. A browser without our cookie is given one."""
        browser = browser_of(request)
        found = await _known(context, browser, lambda: page.get_page(context, token, browser))
        return Response(found, headers=dict([new_browser_cookie()]) if not browser_cookie(request.scope) else None)

    @put(
        "/v1/confirmations/{token:str}",
        summary="The customer's answers; the same again is no change",
        dto=StrictBody[CustomerSubmission],
        operation_class=example(ANSWERS, limit=MAX_ANSWER_BYTES),
        return_dto=None,
        request_max_body_size=MAX_ANSWER_BYTES,
        responses=problems(
            *PUBLIC_WRITES,
            AppointmentChanged,
            AnswerDeadlinePassed,
            OtpRequired,
            StatementChanged,
            UnreadableSignature,
        ),
    )
    async def answer_confirmation(
        self, request: AnyRequest, context: Context, token: Token, data: JSONBody[CustomerSubmission]
    ) -> ConfirmationPage:
        """All of them are kept, or none. Signing, refusing and raising need the code first."""
        browser = browser_of(request)
        return await _known(context, browser, lambda: answering.submit_answers(context, token, data, browser))

    @post(
        "/v1/confirmations/{token:str}/code",
        summary="Send a code to the customer's telephone, good for ten minutes and once; at most three an hour",
        status_code=200,
        responses=problems(*COMMON_ERRORS, *GONE, StorageFull, NoPhoneNumber),
    )
    async def send_code(self, request: AnyRequest, context: Context, token: Token) -> OtpSent:
        """The code belongs to the browser that asked for it."""
        browser = browser_of(request)
        return await _known(context, browser, lambda: otp.send_otp(context, token, browser))

    @put(
        "/v1/confirmations/{token:str}/code",
        summary="Enter the code: for half an hour this device may sign, refuse and raise; five tries",
        dto=StrictBody[OtpSubmission],
        operation_class=example(OtpSubmission("123456")),
        return_dto=None,
        responses=problems(*PUBLIC_WRITES, InvalidOtp),
    )
    async def give_code(
        self, request: AnyRequest, context: Context, token: Token, data: JSONBody[OtpSubmission]
    ) -> OtpAccepted:
        """After five wrong tries only a new code helps."""
        browser = browser_of(request)
        return await _known(context, browser, lambda: otp.verify_otp(context, token, data.code, browser))


async def _known(ctx: AppContext, browser: Browser, work: Callable[[], Awaitable[T]]) -> T:
    """What `work` gives; links that nobody has count against the address."""
    return await throttling.count_not_found(ctx, browser.address, work)


def new_browser_cookie() -> tuple[str, str]:
    """The header that gives a browser its cookie; it says nothing of who looks."""
    name, value = browser_cookie_header(token_urlsafe(16))
    return name.decode(), value.decode()


ROUTES = (CustomerPageController, ConfirmationsController)
