"""Reviews of visits: the queue, decisions, returns, explanations, and who did what."""

from typing import Annotated, get_args
from uuid import UUID

from litestar import Controller, Response, delete, get, put
from litestar.datastructures import ResponseHeader
from litestar.params import FromPath, HeaderParameter, JSONBody

from service import errors
from service.accounts.caller import Caller, requires
from service.visits.attention import ReasonKind
from service.visits.review_rows import Assignee, Correction, Explanation, OpenCorrection, Review
from service.web.api_document import CHANGE_ERRORS, READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.preconditions import required_tags
from service.web.query import choice_parameter, text_parameter
from service.web.strict_body import StrictBody, TolerantBody

from . import corrections, history, queue, reviewing
from .queue import QueueFilter
from .schemas import Queue, ReviewView, VisitHistory

REVIEW_ETAG = ResponseHeader(
    name="ETag", value="", documentation_only=True, description="What a review names in If-Match."
)
IfMatch = Annotated[
    str, HeaderParameter(name="If-Match", description='The ETag of the review as you saw it, such as "0-2-1".')
]
_REVIEW = {
    "findings": [
        {"code": "order.shoe_covers_on.after.entry_consent", "decision": "uphold"},
        {"code": "missing.id_shown", "decision": "override", "reason": "客户来电确认已出示证件"},
    ],
    "comment": "已与技术员沟通",
}
_CORRECTION = {
    "visit": "01956e2c-8a00-7000-8000-000000000002",
    "items": [{"item": "meter_damage_photo", "reason": "照片看不清表号"}],
    "due": "2026-03-03T18:00:00+08:00",
}
_WORDS = {"finding": "order.shoe_covers_on.after.entry_consent", "text": "客户先开门请我进去的"}
_ERRORS = (*WRITE_ERRORS, errors.NotFound, errors.Erased, errors.VisitFull)


class QueueController(Controller):
    """The queue of visits that call for a person."""

    tags = ("reviews",)

    @get(
        "/v1/reviews", summary="Visits that call for a person, the most urgent first", responses=problems(*READ_ERRORS)
    )
    async def list_reviews(
        self,
        caller: Caller,
        reason: Annotated[ReasonKind | None, choice_parameter("Visits with this reason.", get_args(ReasonKind))] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        technician: Annotated[str | None, text_parameter("Login of the technician.")] = None,
        assignee: Annotated[str | None, text_parameter("Login of who looks at them.")] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> Queue:
        """Supervisors get the visits of their areas. `counts` is of all of them, whatever is asked for."""
        wanted = QueueFilter(
            reason=reason or "", area=area, technician=technician or "", assignee=assignee, after=after
        )
        return await queue.list_queue(*caller, wanted)


class ReviewController(Controller):
    """The review of one visit."""

    tags = ("reviews",)
    path = "/v1/visits/{visit_id:uuid}"
    return_dto = None

    @get(
        "/review",
        summary="What calls for a person, what was decided, what is still open",
        response_headers=(REVIEW_ETAG,),
        responses=problems(*READ_ERRORS, errors.NotFound, errors.Erased),
    )
    async def show_review(self, caller: Caller, visit_id: FromPath[UUID]) -> Response[ReviewView]:
        """For the office. The ETag changes with everything that is written about the visit."""
        return _response(*await reviewing.get_review_view(*caller, visit_id))

    @put(
        "/review",
        summary="Review a visit: a decision for each finding that needs one",
        dto=StrictBody[Review],
        guards=(requires("review visits"),),
        operation_class=example(_REVIEW),
        response_headers=(REVIEW_ETAG,),
        responses=problems(
            *_ERRORS,
            errors.OwnVisit,
            errors.FindingChanged,
            errors.NothingToReview,
            errors.InvalidHeader,
            errors.PreconditionRequired,
            errors.PreconditionFailed,
        ),
    )
    async def review_visit(
        self, caller: Caller, visit_id: FromPath[UUID], data: JSONBody[Review], if_match: IfMatch = ""
    ) -> Response[ReviewView]:
        """Reviews are only added. A decision lapses when the entries of its finding change. Nobody reviews their own
        visit."""
        return _response(*await reviewing.review_visit(*caller, visit_id, data, required_tags(if_match)))

    @put(
        "/assignee",
        summary="Who looks at it; null lets go",
        dto=StrictBody[Assignee],
        guards=(requires("review visits"),),
        operation_class=example({"person": "wang"}),
        responses=problems(*_ERRORS, errors.UnknownPerson),
    )
    async def assign_review(self, caller: Caller, visit_id: FromPath[UUID], data: JSONBody[Assignee]) -> ReviewView:
        """Only a supervisor of the visit's area can be named."""
        return await reviewing.assign(*caller, visit_id, data)

    @put(
        "/explanations/{explanation_id:uuid}",
        summary="The technician's own words to a finding",
        status_code=201,
        dto=TolerantBody[Explanation],
        guards=(requires("explain findings"),),
        operation_class=example(_WORDS),
        responses={
            200: answer(Explanation, "It was there before"),
            **problems(*_ERRORS, errors.NotYourVisit, errors.FindingChanged, errors.IdReusedWithOtherContent),
        },
    )
    async def explain_finding(
        self, caller: Caller, visit_id: FromPath[UUID], explanation_id: FromPath[UUID], data: JSONBody[Explanation]
    ) -> Response[Explanation]:
        """It is shown beside the finding, and calls the visit back to the supervisor's attention."""
        added = await reviewing.explain(*caller, visit_id, explanation_id, data)
        return Response(data, status_code=201 if added else 200)

    @put(
        "/inquiries/{inquiry_id:uuid}",
        summary="Ask the technician for their words to a finding",
        status_code=201,
        dto=StrictBody[Explanation],
        guards=(requires("review visits"),),
        operation_class=example({**_WORDS, "text": "进门前为什么没有戴鞋套？"}),
        responses={
            200: answer(Explanation, "It was asked before"),
            **problems(*_ERRORS, errors.OwnVisit, errors.FindingChanged, errors.IdReusedWithOtherContent),
        },
    )
    async def ask_about_finding(
        self, caller: Caller, visit_id: FromPath[UUID], inquiry_id: FromPath[UUID], data: JSONBody[Explanation]
    ) -> Response[Explanation]:
        """From then on the technician may read what the customer said about that finding."""
        added = await reviewing.inquire(*caller, visit_id, inquiry_id, data)
        return Response(data, status_code=201 if added else 200)

    @get(
        "/history",
        summary="Who did what when",
        responses=problems(*READ_ERRORS, errors.NotFound, errors.Erased),
    )
    async def show_history(self, caller: Caller, visit_id: FromPath[UUID]) -> VisitHistory:
        """Plan, changes, messages, records, confirmations, reviews: for the office."""
        return await history.get_history(*caller, visit_id)


class CorrectionsController(Controller):
    """Items that go back to the phone."""

    tags = ("reviews",)
    path = "/v1/corrections/{correction_id:uuid}"
    guards = (requires("review visits"),)

    @put(
        summary="Return items of a visit to the phone",
        status_code=201,
        dto=StrictBody[Correction],
        return_dto=None,
        operation_class=example(_CORRECTION),
        responses={
            200: answer(OpenCorrection, "It was returned before"),
            **problems(
                *_ERRORS,
                errors.OwnVisit,
                errors.NotCorrectable,
                errors.NothingToReview,
                errors.IdReusedWithOtherContent,
            ),
        },
    )
    async def return_items(
        self, caller: Caller, correction_id: FromPath[UUID], data: JSONBody[Correction]
    ) -> Response[OpenCorrection]:
        """The phone gets it in the agenda's `corrections`; the record that answers it names it in `correction`."""
        added, correction = await corrections.return_items(*caller, correction_id, data)
        return Response(correction, status_code=201 if added else 200)

    @delete(summary="Stop asking", responses=problems(*CHANGE_ERRORS, errors.NotFound, errors.Erased, errors.VisitFull))
    async def withdraw_correction(self, caller: Caller, correction_id: FromPath[UUID]) -> None:
        """Nothing happens when it was answered or withdrawn before."""
        await corrections.withdraw_correction(*caller, correction_id)


def _response(review: ReviewView, tag: str) -> Response[ReviewView]:
    return Response(review, headers={"ETag": f'"{tag}"'})


ROUTES = (QueueController, ReviewController, CorrectionsController)
