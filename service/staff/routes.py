"""People: who works here, invitations, and departures."""

from litestar import get, post, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
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
from service.web.endpoint import (
    CHANGE_ERRORS,
    PUBLIC_ERRORS,
    READ_ERRORS,
    WRITE_ERRORS,
    AnyRequest,
    Bytes,
    Parameter,
    RouteMetadata,
    body_of,
    context_of,
    query_of,
)
from service.web.request_info import client_ip
from service.web.responses import Answer, json_answer

from . import people, photos, roles_and_cards
from .people import DeactivationRequest, InvitationIssued, Invite, NewPassword, PeoplePage, PersonSummary, PersonView
from .roles_and_cards import NewCard, NewRoles

PAGE = RouteMetadata(
    tag="people",
    summary="People of my areas, by login; also who left",
    responses={200: PeoplePage},
    query={"after": Parameter("The cursor of the page before.")},
    problems=READ_ERRORS,
)
HIRE = RouteMetadata(
    tag="people",
    summary="Add somebody; the answer has the one-time code of his invitation",
    request_body=NewPerson,
    responses={201: InvitationIssued},
    problems=(*WRITE_ERRORS, LoginTaken),
)
INVITE = RouteMetadata(
    tag="people",
    summary="A new one-time code, for who forgot his password; good for 72 hours",
    request_body=Invite,
    responses={201: InvitationIssued},
    problems=(*WRITE_ERRORS, UnknownPerson),
)
ACCEPT = RouteMetadata(
    tag="people",
    summary="Set one's password by a one-time code",
    request_body=NewPassword,
    responses={200: PersonSummary},
    problems=(*PUBLIC_ERRORS, InvalidOneTimeCode),
    public=True,
)
DEPART = RouteMetadata(
    tag="people",
    summary="Somebody leaves: his tokens, sessions and devices end at once; his name stays on his records",
    request_body=DeactivationRequest,
    responses={200: PersonView},
    problems=(*WRITE_ERRORS, NotFound),
)

CARD = RouteMetadata(
    tag="people",
    summary="What is on somebody's ID card: name, number (工号) and title; customers are told all three",
    request_body=NewCard,
    responses={200: PersonView},
    problems=(*WRITE_ERRORS, NotFound),
)
ROLES = RouteMetadata(
    tag="people",
    summary="What somebody may do and where, all of it; his sessions end, and his phones if he is no technician now",
    request_body=NewRoles,
    responses={200: PersonView},
    problems=(*WRITE_ERRORS, NotFound),
)
FACE = RouteMetadata(
    tag="people",
    summary="The photo on somebody's ID card; customers see it at the door",
    request_body=Bytes("application/octet-stream", "The photo: JPEG, PNG or WEBP."),
    responses={204: None},
    problems=(*CHANGE_ERRORS, NotFound, FileTooLarge, UnsupportedImageType, UnreadableImage, DigestMismatch),
)


@get("/v1/people", opt={"says": PAGE})
async def list_people(request: AnyRequest) -> ASGIApp:
    """People of my areas."""
    after = query_of(request, PAGE).get("after", "")
    if len(after) > 64:
        raise InvalidQuery("`after` is not a cursor of this list")
    return json_answer(await people.page(*caller(request), after))


@post("/v1/people", opt={"says": HIRE})
async def add_person(request: AnyRequest) -> ASGIApp:
    """Add somebody."""
    return json_answer(await people.create_person_as(*caller(request), await body_of(request)), 201)


@post("/v1/invitations", opt={"says": INVITE})
async def invite_person(request: AnyRequest) -> ASGIApp:
    """A new one-time code."""
    return json_answer(await people.invite(*caller(request), await body_of(request)), 201)


@put("/v1/invitations/{code:str}/password", opt={"says": ACCEPT})
async def set_password(request: AnyRequest) -> ASGIApp:
    """Set one's password."""
    code: str = request.scope["path_params"]["code"]
    return json_answer(await people.accept(context_of(request), client_ip(request.scope), code, await body_of(request)))


@put("/v1/people/{login:str}/departure", opt={"says": DEPART})
async def depart(request: AnyRequest) -> ASGIApp:
    """Somebody leaves."""
    return json_answer(await people.deactivate(*caller(request), _login(request), await body_of(request)))


@put("/v1/people/{login:str}/card", opt={"says": CARD})
async def give_card(request: AnyRequest) -> ASGIApp:
    """What is on somebody's ID card."""
    return json_answer(await roles_and_cards.give_card(*caller(request), _login(request), await body_of(request)))


@put("/v1/people/{login:str}/roles", opt={"says": ROLES})
async def give_roles(request: AnyRequest) -> ASGIApp:
    """What somebody may do."""
    return json_answer(await roles_and_cards.give_roles(*caller(request), _login(request), await body_of(request)))


def _login(request: AnyRequest) -> str:
    login: str = request.scope["path_params"]["login"]
    if "\0" in login:
        raise NotFound
    return login


@put("/v1/people/{login:str}/photo", opt={"says": FACE})
async def give_face(request: AnyRequest) -> ASGIApp:
    """The photo on somebody's ID card."""
    login, ctx = request.scope["path_params"]["login"], context_of(request)
    if "\0" in login:
        raise NotFound
    parts = body.stream_body(request.scope, request.receive, ctx.evidence_storage.max_file)
    await photos.set_staff_photo(*caller(request), login, parts)
    return Answer(204)


ROUTES = (list_people, add_person, invite_person, set_password, depart, give_card, give_roles, give_face)
