"""Messages to customers: the notice of a visit, and the customer's link."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post, put
from litestar.params import FromPath, JSONBody

from service.accounts.caller import Caller, requires
from service.errors import (
    Erased,
    IdReusedWithOtherContent,
    NoRecipient,
    NotFound,
    NoticeNotDue,
    NoticeTooEarly,
    NoticeTooLate,
    NoticeTooLong,
    VisitCancelled,
)
from service.judge.visit import Window
from service.visits import customer_link
from service.visits.appointment import Appointment
from service.visits.customer_link import CustomerLink
from service.web.api_document import CHANGE_ERRORS, READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.strict_body import StrictBody

from . import calls, due_notices, notices
from .calls import NoticeCall
from .due_notices import DueNotice, DueNotices, DueNoticesRequest
from .notice_views import NoticeView
from .notices import NoticeDraft, NoticeRequest, Offer

_NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
_TEXT = "【安泰供水】陶女士：3月3日 09:00–10:00李强上门检修漏水，虚构路 1 号，口令{word}，请配合并答复 {link}"
_NOTICE = NoticeView(
    id="01956e2c-8a00-7000-8000-000000000001",
    about="appointment",
    channel="sms",
    to="13800000000",
    text=_TEXT,
    proves=("work_content_told", "cooperation_requested"),
    sent_at=_NOON,
    sent_by="zhao",
    state="waiting",
    next_try=_NOON,
    attempts=(),
    withdrawn=None,
)
_CALL = NoticeCall("陶女士 13800000000", "电话告知客户：原定3月3日（周二）09:00–10:00的上门已取消。")
_RECORDED_CALL = msgspec.structs.replace(
    _NOTICE,
    about="cancellation",
    channel="phone",
    to=_CALL.called,
    text=_CALL.text,
    proves=(),
    state="delivered",
    next_try=None,
)
_DRAFT = NoticeDraft(
    about="appointment",
    text=_TEXT,
    to="13800000000",
    proves=_NOTICE.proves,
    due=True,
    appointment=Appointment(
        window=Window(_NOON + timedelta(hours=21), _NOON + timedelta(hours=22)), moved=False, agreed=False
    ),
    offers=(
        Offer(
            about="appointment",
            text=_TEXT,
            variables={"company": "安泰供水", "customer": "陶女士", "time": "3月3日 09:00–10:00", "link": "{link}"},
            segments=2,
            due=True,
            automatic=False,
        ),
    ),
    sent=(),
)
_DUE = DueNotices(
    notices=(
        DueNotice(
            visit="01956e2c-8a00-7000-8000-000000000002",
            state="would_send",
            about="appointment",
            to="13800000000",
            text=_TEXT,
        ),
        DueNotice(
            visit="01956e2c-8a00-7000-8000-000000000003",
            state="skipped",
            code=NoRecipient.code,
            detail=f"{NoRecipient.title_zh} / {NoRecipient.title_en}",
        ),
    ),
    sent=1,
    skipped=1,
)
_CODE = "abcdefghijklmnopqrstuvwxyz"
_LINK = CustomerLink(f"https://doorstep.example/c/{_CODE}", _CODE, _NOON + timedelta(days=7), "<svg …/>")


class MessagesController(Controller):
    """Notices and links for customers."""

    tags = ("messages",)
    return_dto = None

    @get(
        "/v1/visits/{visit_id:uuid}/notice",
        summary="The notice to send to the customer, what it would prove, and the notices sent before",
        operation_class=example(answer=_DRAFT),
        responses=problems(*READ_ERRORS, NotFound, Erased),
    )
    async def offer_notice(self, caller: Caller, visit_id: FromPath[UUID]) -> NoticeDraft:
        """For dispatchers and supervisors of the visit's area. Nothing is sent yet."""
        return await notices.draft_notice(*caller, visit_id)

    @post(
        "/v1/visits/{visit_id:uuid}/notice",
        summary="Send the notice; idempotent by its id",
        dto=StrictBody[NoticeRequest],
        guards=[requires("write entries of the office")],
        operation_class=example(NoticeRequest(channel="sms", id=_NOTICE.id), _NOTICE),
        responses={
            200: answer(NoticeView, "The id is known: the notice as it is now"),
            **problems(
                *WRITE_ERRORS,
                NotFound,
                Erased,
                IdReusedWithOtherContent,
                VisitCancelled,
                NoticeTooLate,
                NoticeTooEarly,
                NoticeNotDue,
                NoticeTooLong,
            ),
        },
    )
    async def send_notice(
        self, caller: Caller, visit_id: FromPath[UUID], data: JSONBody[NoticeRequest]
    ) -> Response[NoticeView]:
        """The notice goes into the outbox; attempts to deliver it last for a day. Each kind of message has a condition:
        one whose condition does not hold is refused, and withdrawn if it ceases to hold before it is sent. A text with
        `{link}` has a new link for the customer; the one before ends when the message is delivered. A `text` of one's
        own that announces the visit needs a visit that can be announced."""
        added, sent = await notices.send(*caller, visit_id, data)
        return Response(sent, status_code=201 if added else 200)

    @put(
        "/v1/visits/{visit_id:uuid}/notice-calls/{call_id:uuid}",
        summary="The customer was informed by telephone",
        status_code=201,
        dto=StrictBody[NoticeCall],
        guards=[requires("write entries of the office")],
        operation_class=example(_CALL, _RECORDED_CALL),
        responses={
            200: answer(NoticeView, "It was recorded before"),
            **problems(*WRITE_ERRORS, NotFound, Erased, IdReusedWithOtherContent, NoticeTooLate, NoticeTooEarly),
        },
    )
    async def record_call(
        self, caller: Caller, visit_id: FromPath[UUID], call_id: FromPath[UUID], data: JSONBody[NoticeCall]
    ) -> Response[NoticeView]:
        """Counts as a delivered notice about the visit as it is now: about the appointment, another time, or the
        cancellation. What the text says proves the same items as a message would."""
        added, recorded = await calls.record_call(*caller, visit_id, call_id, data)
        return Response(recorded, status_code=201 if added else 200)

    @post(
        "/v1/notices",
        summary="Send the messages that are due, of a day or of some visits; a dry run only shows them",
        status_code=200,
        dto=StrictBody[DueNoticesRequest],
        guards=[requires("write entries of the office")],
        operation_class=example(DueNoticesRequest(channel="sms", dry_run=True, date=_NOON.date()), _DUE),
        responses=problems(*WRITE_ERRORS),
    )
    async def send_due_notices(self, caller: Caller, data: JSONBody[DueNoticesRequest]) -> DueNotices:
        """Each visit by itself, with the standard text of each of the `kinds` that is due: one that cannot be announced
        is skipped and says why. Repeating is harmless: a customer who was notified is skipped. Texts contain the
        customers' addresses."""
        return await due_notices.send_due_notices(*caller, data)

    @post(
        "/v1/visits/{visit_id:uuid}/confirmation-link",
        summary="A new link for the customer; the previous one ends",
        operation_class=example(answer=_LINK),
        responses=problems(*CHANGE_ERRORS, NotFound, Erased),
    )
    async def make_link(self, caller: Caller, visit_id: FromPath[UUID]) -> CustomerLink:
        """For customers who received no message: the link is shown only here, to be copied or scanned."""
        return await customer_link.create_link(*caller, visit_id)


ROUTES = (MessagesController,)
