"""People: who works here, invitations, and departures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from litestar import Controller, get, post, put
from litestar.openapi.spec import Operation
from litestar.params import JSONBody, PathParameter

from service.accounts.caller import Caller, Context, limit_by_address, requires
from service.accounts.permissions import Person
from service.accounts.validation import NewPerson
from service.errors import (
    DigestMismatch,
    FileTooLarge,
    InvalidOneTimeCode,
    InvalidQuery,
    LoginTaken,
    NotFound,
    UnknownPerson,
    UnreadableImage,
    UnsupportedImageType,
)
from service.web import body
from service.web.api_document import (
    CHANGE_ERRORS,
    PUBLIC,
    PUBLIC_ERRORS,
    READ_ERRORS,
    WRITE_ERRORS,
    bytes_body,
    example,
    problems,
)
from service.web.query import path_text, text_parameter
from service.web.request import AnyRequest
from service.web.request_info import client_ip
from service.web.strict_body import StrictBody

from . import people, photos, roles_and_cards
from .people import DeactivationRequest, InvitationIssued, Invite, NewPassword, PeoplePage, PersonSummary, PersonView
from .roles_and_cards import NewCard, NewRoles

Login = Annotated[str, path_text("The person's login.")]
_NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
_CODE = "kM3v0sTq9m1vJx2bWc8yHw"
_INVITATION = InvitationIssued(
    Person("zhou", "周强", ("technician",), ("城东",)), _CODE, f"https://doorstep.example/invitation#{_CODE}", _NOON
)
_PERSON = PersonView("zhou", "周强", ("technician",), ("城东",), None, "0042", "维修员")


@dataclass
class PhotoOperation(Operation):
    """The operation that takes a photo: it reads the body itself, so the document is told what that is."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = bytes_body("application/octet-stream", "The photo: JPEG, PNG or WEBP.")


class PeopleController(Controller):
    """Everybody who works or worked here."""

    tags = ("people",)

    @get(
        "/v1/people",
        summary="People of my areas, by login; also who left",
        operation_class=example(answer=PeoplePage((_PERSON,), None)),
        responses=problems(*READ_ERRORS),
    )
    async def list_people(
        self, caller: Caller, after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None
    ) -> PeoplePage:
        """For dispatchers and supervisors; an admin sees everybody. A page may have few people and another one after
        it."""
        if len(after or "") > 64:
            raise InvalidQuery("`after` is not a cursor of this list")
        return await people.page(*caller, after or "")

    @post(
        "/v1/people",
        summary="Add somebody; the answer has the one-time code of his invitation",
        dto=StrictBody[NewPerson],
        return_dto=None,
        guards=[requires("add people")],
        operation_class=example(NewPerson("zhou", "周强", ("technician",), ("城东",), "0042", "维修员"), _INVITATION),
        responses=problems(*WRITE_ERRORS, LoginTaken),
    )
    async def add_person(self, caller: Caller, data: JSONBody[NewPerson]) -> InvitationIssued:
        """For admins. The code is shown this once: hand it over, and the person sets a password with it."""
        return await people.create_person_as(*caller, data)

    @put(
        "/v1/people/{login:str}/departure",
        summary="Somebody leaves: his tokens, sessions and devices end at once; his name stays on his records",
        dto=StrictBody[DeactivationRequest],
        return_dto=None,
        guards=[requires("add people")],
        operation_class=example(DeactivationRequest("退休"), _PERSON),
        responses=problems(*WRITE_ERRORS, NotFound),
    )
    async def depart(self, caller: Caller, login: Login, data: JSONBody[DeactivationRequest]) -> PersonView:
        """For admins, about anybody but themselves. Again is no change."""
        return await people.deactivate(*caller, login, data.reason)

    @put(
        "/v1/people/{login:str}/card",
        summary="What is on somebody's ID card: name, number (工号) and title; customers are told all three",
        dto=StrictBody[NewCard],
        return_dto=None,
        guards=[requires("add people")],
        operation_class=example(NewCard("周强", "0042", "维修员"), _PERSON),
        responses=problems(*WRITE_ERRORS, NotFound),
    )
    async def give_card(self, caller: Caller, login: Login, data: JSONBody[NewCard]) -> PersonView:
        """For admins. It takes the place of all that was on the card but the photo."""
        return await roles_and_cards.give_card(*caller, login, data)

    @put(
        "/v1/people/{login:str}/roles",
        summary="What somebody may do and where, all of it; his sessions end, "
        "and his phones if he is no technician now",
        dto=StrictBody[NewRoles],
        return_dto=None,
        guards=[requires("add people")],
        operation_class=example(NewRoles(("technician",), ("城东",)), _PERSON),
        responses=problems(*WRITE_ERRORS, NotFound),
    )
    async def give_roles(self, caller: Caller, login: Login, data: JSONBody[NewRoles]) -> PersonView:
        """For admins, who cannot take that role from themselves. The same again is no change."""
        return await roles_and_cards.give_roles(*caller, login, data)

    @put(
        "/v1/people/{login:str}/photo",
        summary="The photo on somebody's ID card; customers see it at the door",
        status_code=204,
        guards=[requires("add people")],
        operation_class=PhotoOperation,
        responses=problems(
            *CHANGE_ERRORS, NotFound, FileTooLarge, UnsupportedImageType, UnreadableImage, DigestMismatch
        ),
    )
    async def give_face(self, request: AnyRequest, caller: Caller, login: Login) -> None:
        """For admins. The bytes of the file, not packed; whoever may not do this is told before they are received."""
        parts = body.stream_body(request.scope, request.receive, caller.ctx.evidence_storage.max_file)
        await photos.set_staff_photo(*caller, login, parts)


class InvitationsController(Controller):
    """One-time codes by which people set their passwords."""

    tags = ("people",)

    @post(
        "/v1/invitations",
        summary="A new one-time code, for who forgot his password; good for 72 hours",
        dto=StrictBody[Invite],
        return_dto=None,
        guards=[requires("add people")],
        operation_class=example(Invite("zhou"), _INVITATION),
        responses=problems(*WRITE_ERRORS, UnknownPerson),
    )
    async def invite_person(self, caller: Caller, data: JSONBody[Invite]) -> InvitationIssued:
        """For admins. The code is shown this once, and one that the person had before is no longer good."""
        return await people.invite(*caller, data)

    @put(
        "/v1/invitations/{code:str}/password",
        summary="Set one's password by a one-time code",
        opt={"exclude_from_auth": True},
        guards=[limit_by_address],
        security=PUBLIC,
        request_max_body_size=8192,
        dto=StrictBody[NewPassword],
        return_dto=None,
        operation_class=example(NewPassword("correct horse battery"), PersonSummary("zhou", "周强")),
        responses=problems(*PUBLIC_ERRORS, InvalidOneTimeCode),
    )
    async def set_password(
        self,
        request: AnyRequest,
        context: Context,
        code: Annotated[str, PathParameter(description="The one-time code.", schema_extra={"max_length": 200})],
        data: JSONBody[NewPassword],
    ) -> PersonSummary:
        """All sessions of the person end. The code is used up only when that worked. The body has at most 8192 bytes,
        not packed."""
        person = await people.set_password(context, client_ip(request.scope), code, data.password)
        return PersonSummary(person.login, person.name)


ROUTES = (PeopleController, InvitationsController)
