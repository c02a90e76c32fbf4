"""The customer's link: the page and its forms, the same as JSON, photos, and a copy of everything."""

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_urlsafe
from typing import Annotated, Literal, cast, get_args

from litestar import Response, get, head, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response.base import ASGIResponse

from service import errors
from service.accounts.browser import browser_of
from service.accounts.caller import Context, PublicController
from service.accounts.middleware import browser_cookie, browser_cookie_header
from service.accounts.public_pages import PageController, public_page
from service.accounts.throttling import count_not_found
from service.context import AppContext
from service.text import clean_link_code
from service.visits.customer_answers import AnswerInput, CustomerSubmission
from service.web.api_document import CARD_PHOTO, COMMON_ERRORS, answer, example, form_operation, pages, problems
from service.web.compression import etag_matches
from service.web.language import TextPair, language_of
from service.web.query import choice_parameter
from service.web.request import AnyRequest, IfNoneMatch
from service.web.request_info import client_ip
from service.web.responses import JPEG, Headers, raw_response
from service.web.strict_body import TolerantBody

from . import answering, copy, forms, otp, page
from .copy import CustomerCopy
from .form_state import FormState, Visitor
from .otp import OtpAccepted, OtpSent, OtpSubmission
from .page import ConfirmationPage
from .page_view import VERIFICATION_EXPIRED, verification_expired
from .pdf import render_pdf
from .progress import StepName
from .render import render_copy, render_page

Token = Annotated[
    str,
    PathParameter(description="The token of the link in a message to the customer.", schema_extra={"maxLength": 200}),
]
FileDigest = Annotated[
    str, PathParameter(description="The photo's digest.", schema_extra={"pattern": "^[0-9a-f]{64}$"})
]
LINK_ERRORS = (*COMMON_ERRORS, errors.NotFound, errors.Erased, errors.LinkExpired)
BODY_ERRORS = (
    errors.StorageFull,
    errors.BodyTooLarge,
    errors.WrongMediaType,
    errors.MalformedJson,
    errors.InvalidBody,
)
MAX_ANSWER_BYTES = 800_000  # with a drawn signature
PDF: Headers = (
    (b"content-type", b"application/pdf"),
    (b"cache-control", b"private, no-store"),
    (b"referrer-policy", b"no-referrer"),
)
ANSWERS = CustomerSubmission(answers=(AnswerInput(question="q_clean", good=True),), comment="师傅很仔细")


class CustomerPageController(PageController):
    """The customer's page, for anyone with the link."""

    tags = ("customer",)

    @get(
        "/c/{token:str}",
        summary="The customer's page; looking changes nothing",
        responses={**problems(*COMMON_ERRORS), **pages(200, 404, 410, 429)},
    )
    async def show_customers_page(
        self,
        request: AnyRequest,
        context: Context,
        token: Token,
        step: Annotated[
            StepName | None, choice_parameter("The step to show open, after a technician came.", get_args(StepName))
        ] = None,
    ) -> ASGIResponse:
        """Before the code it masks what only the customer may see. A browser without our cookie is given one."""
        return await _shown(request, context, token, step)

    @head(
        "/c/{token:str}",
        summary="Whether there is such a page, for programs that check links",
        responses={**problems(*COMMON_ERRORS), **pages(200, 404, 410, 429)},
    )
    async def check_customers_page(self, request: AnyRequest, context: Context, token: Token) -> Response[None]:
        """The headers of the page."""
        page = await _shown(request, context, token, None)
        return Response(None, status_code=page.status_code, headers=dict(cast("Mapping[str, str]", page.headers)))

    @post(
        "/c/{token:str}",
        summary="A form of the customer's page: the appointment, a code, answers, a signature or why there is none, …",
        status_code=303,
        operation_class=form_operation("The fields of the form; `does` says which."),
        responses={**problems(*COMMON_ERRORS), **pages(403, 404, 409, 410, 413, 415, 422, 429, 507)},
    )
    async def take_form(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """A form that is accepted redirects to the page. Any other is shown again, with the reason."""
        visitor = Visitor(context, clean_link_code(token), browser_of(request))
        return await public_page(request, context, lambda: forms.submit_form(request, visitor))

    @get(
        "/c/{token:str}/copy",
        summary="Statements, signatures and digests as one file to keep, after the code",
        responses={**problems(*COMMON_ERRORS), **pages(200, 403, 404, 410, 429)},
    )
    async def take_copy(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """A page without references to others, which can be kept for years."""

        async def made(found: CustomerCopy) -> ASGIResponse:
            return render_copy(request.scope, context, found)

        return await _copied(request, context, token, made)

    @get(
        "/c/{token:str}/copy.pdf",
        summary="The same as a PDF, which phones and WeChat can keep, after the code",
        responses={
            **problems(*COMMON_ERRORS),
            **pages(403, 404, 410, 429),
            200: answer(bytes, "The copy.", "application/pdf"),
        },
    )
    async def take_pdf(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """With its font inside."""

        async def made(found: CustomerCopy) -> ASGIResponse:
            language = language_of(request.scope)
            content = await to_thread(render_pdf, context, found, language)
            name = f'inline; filename="visit-{found.details.page.visit.id[:8]}.pdf"'.encode()
            return raw_response(200, content, (*PDF, (b"content-disposition", name)))

        return await _copied(request, context, token, made)


class PicturesController(PublicController):
    """Pictures of the customer's page."""

    tags = ("customer",)

    @get(
        "/c/{token:str}/photo/{sha256:str}",
        summary="A picture of the customer's statements, after the code",
        responses={
            200: answer(bytes, "A copy without metadata; at most 480 pixels with size=small.", "image/jpeg"),
            304: answer(None, "Not modified"),
            **problems(*LINK_ERRORS, errors.UnreadableImage),
        },
    )
    async def show_customers_photo(
        self,
        request: AnyRequest,
        context: Context,
        token: Token,
        sha256: FileDigest,
        size: Annotated[Literal["small"] | None, QueryParameter(description="The small one.")] = None,
        if_none_match: IfNoneMatch = None,
    ) -> ASGIResponse:
        """Access is checked every time, also for a copy that the browser has."""
        browser, small = browser_of(request), size == "small"
        raw = await count_not_found(
            context, browser.address, lambda: copy.customer_photo(context, token, browser, sha256, small=small)
        )
        etag = f"{sha256}-{'small' if small else 'large'}"
        headers = ((b"etag", f'"{etag}"'.encode()), (b"cache-control", b"private, no-cache"))
        if etag_matches(if_none_match or "", etag):
            return raw_response(304, b"", headers)
        return raw_response(200, raw, (*JPEG, *headers))

    @get(
        "/c/{token:str}/who",
        summary="The photo on the technician's ID card",
        responses={**CARD_PHOTO, **problems(*LINK_ERRORS, errors.UnreadableImage)},
    )
    async def show_who_comes(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """The technician who is expected."""
        address = client_ip(request.scope)
        raw = await count_not_found(context, address, lambda: copy.technician_photo(context, token))
        return raw_response(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


class ConfirmationsController(PublicController):
    """The customer's page as JSON, for other clients."""

    tags = ("customer",)
    request_max_body_size = 8192

    @get(
        "/v1/confirmations/{token:str}",
        summary="The customer's page as JSON",
        responses=problems(*LINK_ERRORS),
    )
    async def show_confirmation(
        self, request: AnyRequest, context: Context, token: Token
    ) -> Response[ConfirmationPage]:
        """What the customer sees and may do now. A browser without our cookie is given one."""
        browser = browser_of(request)
        found = await count_not_found(context, browser.address, lambda: page.get_page(context, token, browser))
        return Response(found, headers=dict([_new_browser_cookie()]) if not browser_cookie(request.scope) else None)

    @put(
        "/v1/confirmations/{token:str}",
        summary="The customer's answers; repeating the last ones changes nothing",
        dto=TolerantBody[CustomerSubmission],
        operation_class=example(ANSWERS, limit=MAX_ANSWER_BYTES),
        return_dto=None,
        request_max_body_size=MAX_ANSWER_BYTES,
        responses=problems(
            *LINK_ERRORS,
            *BODY_ERRORS,
            errors.AppointmentChanged,
            errors.AnswerDeadlinePassed,
            errors.OtpRequired,
            errors.StatementChanged,
            errors.UnreadableSignature,
        ),
    )
    async def answer_confirmation(
        self, request: AnyRequest, context: Context, token: Token, data: JSONBody[CustomerSubmission]
    ) -> ConfirmationPage:
        """All of them are kept, or none. Signing, refusing and raising need the code first."""
        browser = browser_of(request)
        return await count_not_found(
            context, browser.address, lambda: answering.submit_answers(context, token, data, browser)
        )

    @post(
        "/v1/confirmations/{token:str}/code",
        summary="Send a code to the customer's telephone, good for ten minutes; at most one a minute and three an hour",
        status_code=200,
        responses=problems(*LINK_ERRORS, errors.StorageFull, errors.NoPhoneNumber),
    )
    async def send_code(self, request: AnyRequest, context: Context, token: Token) -> OtpSent:
        """The code is good once, for the browser that asked for it. Asked for again within a minute (`again_in`), none
        is sent: the one before is good."""
        browser = browser_of(request)
        return await count_not_found(context, browser.address, lambda: otp.send_otp(context, token, browser))

    @put(
        "/v1/confirmations/{token:str}/code",
        summary="Enter the code: for half an hour this device may sign, refuse and raise; five tries",
        dto=TolerantBody[OtpSubmission],
        operation_class=example(OtpSubmission("123456")),
        return_dto=None,
        responses=problems(*LINK_ERRORS, *BODY_ERRORS, errors.InvalidOtp),
    )
    async def give_code(
        self, request: AnyRequest, context: Context, token: Token, data: JSONBody[OtpSubmission]
    ) -> OtpAccepted:
        """After five wrong tries only a new code helps."""
        browser = browser_of(request)
        return await count_not_found(
            context, browser.address, lambda: otp.verify_otp(context, token, data.code, browser)
        )


async def _shown(request: AnyRequest, ctx: AppContext, token: str, step: StepName | None) -> ASGIResponse:
    """The customer's page, or the page that says why there is none."""
    token = clean_link_code(token)

    async def show() -> ASGIResponse:
        details = await page.get_details(ctx, token, browser_of(request))
        response = render_page(request.scope, ctx, details, token, step=step)
        if not browser_cookie(request.scope):
            response.headers.add(*_new_browser_cookie())
        return response

    return await public_page(request, ctx, show)


async def _copied(
    request: AnyRequest, ctx: AppContext, token: str, made: Callable[[CustomerCopy], Awaitable[ASGIResponse]]
) -> ASGIResponse:
    """A copy of everything; without the code the page, which says that it is needed."""
    token, browser = clean_link_code(token), browser_of(request)

    async def download() -> ASGIResponse:
        try:
            return await made(await copy.build_copy(ctx, token, browser))
        except errors.OtpRequired as problem:
            details = await page.get_details(ctx, token, browser)
            expired = verification_expired(details.page)
            message = VERIFICATION_EXPIRED if expired else TextPair(problem.title_zh, problem.title_en)
            return render_page(request.scope, ctx, details, token, FormState("code", message), problem.status)

    return await public_page(request, ctx, download)


def _new_browser_cookie() -> tuple[str, str]:
    """The header of a random cookie by which a browser is recognised."""
    name, value = browser_cookie_header(token_urlsafe(16))
    return name.decode(), value.decode()


ROUTES = (CustomerPageController, PicturesController, ConfirmationsController)
