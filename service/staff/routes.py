"""People: lists, invitations, ID cards, roles, and departures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from litestar import Controller, get, post, put
from litestar.openapi.spec import Operation
from litestar.params import JSONBody, PathParameter

from service import errors
from service.accounts.caller import Caller, Context, limit_by_address, requires
from service.accounts.permissions import Person
from service.accounts.validation import NewPerson
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

from . import people, roles_and_cards
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
    """An operation whose handler reads a photo from the body."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = bytes_body("application/octet-stream", "The photo: JPEG, PNG or WEBP.")


class PeopleController(Controller):
    """Present and former colleagues."""

    tags = ("people",)
    return_dto = None

    @get(
        "/v1/people",
        summary="The people of the caller's areas by login, including former ones",
        operation_class=example(answer=PeoplePage((_PERSON,), None)),
        responses=problems(*READ_ERRORS),
    )
    async def list_people(
        self, caller: Caller, after: Annotated[str | None, text_parameter("The cursor of the previous page.")] = None
    ) -> PeoplePage:
        """For dispatchers and supervisors; admins see everybody. A short page is not always the last one."""
        if len(after or "") > 64:
            raise errors.InvalidQuery("`after` is not a cursor of this list")
        return await people.page(*caller, after or "")

    @post(
        "/v1/people",
        summary="Add a person; the answer has the one-time code of their invitation",
        dto=StrictBody[NewPerson],
        guards=[requires("add people")],
        operation_class=example(NewPerson("zhou", "周强", ("technician",), ("城东",), "0042", "维修员"), _INVITATION),
        responses=problems(*WRITE_ERRORS, errors.LoginTaken, errors.SignInAgain),
    )
    async def add_person(self, caller: Caller, data: JSONBody[NewPerson]) -> InvitationIssued:
        """For admins. The code is shown only here; the person sets a password with it. Repeating the request gives a
        new code, because the answer may have been lost."""
        return await people.create_person_as(*caller, data)

    @put(
        "/v1/people/{login:str}/departure",
        summary="A person leaves: their tokens, sessions and devices are revoked; records keep their name",
        dto=StrictBody[DeactivationRequest],
        guards=[requires("add people")],
        operation_class=example(DeactivationRequest("退休"), _PERSON),
        responses=problems(*WRITE_ERRORS, errors.NotFound, errors.SignInAgain),
    )
    async def depart(self, caller: Caller, login: Login, data: JSONBody[DeactivationRequest]) -> PersonView:
        """For admins, about anybody but themselves. Idempotent."""
        return await people.deactivate(*caller, login, data.reason)

    @put(
        "/v1/people/{login:str}/card",
        summary="A person's ID card: name, number (工号) and title; customers see all three",
        dto=StrictBody[NewCard],
        guards=[requires("add people")],
        operation_class=example(NewCard("周强", "0042", "维修员"), _PERSON),
        responses=problems(*WRITE_ERRORS, errors.NotFound),
    )
    async def give_card(self, caller: Caller, login: Login, data: JSONBody[NewCard]) -> PersonView:
        """For admins. It replaces the whole card except the photo."""
        return await roles_and_cards.give_card(*caller, login, data)

    @put(
        "/v1/people/{login:str}/roles",
        summary="All roles and areas of a person; new roles end their sessions, and former technicians' phones",
        dto=StrictBody[NewRoles],
        guards=[requires("add people")],
        operation_class=example(NewRoles(("technician",), ("城东",)), _PERSON),
        responses=problems(*WRITE_ERRORS, errors.NotFound, errors.SignInAgain),
    )
    async def give_roles(self, caller: Caller, login: Login, data: JSONBody[NewRoles]) -> PersonView:
        """For admins, who cannot take that role from themselves. Idempotent."""
        return await roles_and_cards.give_roles(*caller, login, data)

    @put(
        "/v1/people/{login:str}/photo",
        summary="The photo on a person's ID card; customers see it at the door",
        status_code=204,
        guards=[requires("add people")],
        operation_class=PhotoOperation,
        responses=problems(
            *CHANGE_ERRORS,
            errors.NotFound,
            errors.WrongMediaType,
            errors.FileTooLarge,
            errors.UnsupportedImageType,
            errors.UnreadableImage,
            errors.DigestMismatch,
        ),
    )
    async def give_face(self, request: AnyRequest, caller: Caller, login: Login) -> None:
        """For admins. The body is the file. Permissions are checked before it is read."""
        parts = body.stream_body(request.scope, request.receive, caller.ctx.evidence_storage.max_file)
        await roles_and_cards.set_staff_photo(*caller, login, parts)


class InvitationsController(Controller):
    """One-time codes to set a password."""

    tags = ("people",)
    return_dto = None

    @post(
        "/v1/invitations",
        summary="A new one-time code for a forgotten password, valid for 72 hours",
        dto=StrictBody[Invite],
        guards=[requires("add people")],
        operation_class=example(Invite("zhou"), _INVITATION),
        responses=problems(*WRITE_ERRORS, errors.UnknownPerson, errors.SignInAgain),
    )
    async def invite_person(self, caller: Caller, data: JSONBody[Invite]) -> InvitationIssued:
        """For admins. The code is shown only here, and replaces the person's previous one."""
        return await people.invite(*caller, data)

    @put(
        "/v1/invitations/{code:str}/password",
        summary="Set a password with a one-time code",
        opt={"exclude_from_auth": True},
        guards=[limit_by_address],
        security=PUBLIC,
        request_max_body_size=8192,
        dto=StrictBody[NewPassword],
        operation_class=example(NewPassword("correct horse battery"), PersonSummary("zhou", "周强")),
        responses=problems(*PUBLIC_ERRORS, errors.NotFound, errors.InvalidOneTimeCode),
    )
    async def set_password(
        self,
        request: AnyRequest,
        context: Context,
        code: Annotated[str, PathParameter(description="The one-time code.", schema_extra={"max_length": 200})],
        data: JSONBody[NewPassword],
    ) -> PersonSummary:
        """All sessions of the person end. A request that fails does not use up the code."""
        person = await people.set_password(context, client_ip(request.scope), code, data.password)
        return PersonSummary(person.login, person.name)


ROUTES = (PeopleController, InvitationsController)
