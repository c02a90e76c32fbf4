"""People: who works here, invitations, and departures."""

from litestar import get, post, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.accounts.validation import NewPerson
from service.errors import (
    DigestDiffers,
    FileTooLarge,
    InvalidQuery,
    LoginTaken,
    NotFound,
    NotPhoto,
    PhotoUnreadable,
    UnknownCode,
    UnknownPerson,
)
from service.web import body
from service.web.endpoint import (
    CHANGES,
    READS,
    STRANGERS,
    WRITES,
    AnyRequest,
    Bytes,
    Parameter,
    Says,
    body_of,
    house_of,
    query_of,
)
from service.web.request_info import address_of
from service.web.responses import Answer, answer

from . import people, photos, roles_and_cards
from .people import Added, Colleague, Departure, Invite, NewPassword, PeoplePage, PersonSummary
from .roles_and_cards import NewCard, NewRoles

PAGE = Says(
    tag="people",
    summary="People of my areas, by login; also who left",
    gives={200: PeoplePage},
    query={"after": Parameter("The cursor of the page before.")},
    problems=READS,
)
HIRE = Says(
    tag="people",
    summary="Add somebody; the answer has the one-time code of his invitation",
    takes=NewPerson,
    gives={201: Added},
    problems=(*WRITES, LoginTaken),
)
INVITE = Says(
    tag="people",
    summary="A new one-time code, for who forgot his password; good for 72 hours",
    takes=Invite,
    gives={201: Added},
    problems=(*WRITES, UnknownPerson),
)
ACCEPT = Says(
    tag="people",
    summary="Set one's password by a one-time code",
    takes=NewPassword,
    gives={200: PersonSummary},
    problems=(*STRANGERS, UnknownCode),
    public=True,
)
DEPART = Says(
    tag="people",
    summary="Somebody leaves: his tokens, sessions and devices end at once; his name stays on his records",
    takes=Departure,
    gives={200: Colleague},
    problems=(*WRITES, NotFound),
)

CARD = Says(
    tag="people",
    summary="What is on somebody's ID card: name, number (工号) and title; customers are told all three",
    takes=NewCard,
    gives={200: Colleague},
    problems=(*WRITES, NotFound),
)
ROLES = Says(
    tag="people",
    summary="What somebody may do and where, all of it; his sessions end, and his phones if he is no technician now",
    takes=NewRoles,
    gives={200: Colleague},
    problems=(*WRITES, NotFound),
)
FACE = Says(
    tag="people",
    summary="The photo on somebody's ID card; customers see it at the door",
    takes=Bytes("application/octet-stream", "The photo: JPEG, PNG or WEBP."),
    gives={204: None},
    problems=(*CHANGES, NotFound, FileTooLarge, NotPhoto, PhotoUnreadable, DigestDiffers),
)


@get("/v1/people", opt={"says": PAGE})
async def list_people(request: AnyRequest) -> ASGIApp:
    """People of my areas."""
    after = query_of(request, PAGE).get("after", "")
    if len(after) > 64:
        raise InvalidQuery("`after` is not a cursor of this list")
    return answer(await people.page(*caller(request), after))


@post("/v1/people", opt={"says": HIRE})
async def add_person(request: AnyRequest) -> ASGIApp:
    """Add somebody."""
    return answer(await people.hire(*caller(request), await body_of(request)), 201)


@post("/v1/invitations", opt={"says": INVITE})
async def invite_person(request: AnyRequest) -> ASGIApp:
    """A new one-time code."""
    return answer(await people.invite(*caller(request), await body_of(request)), 201)


@put("/v1/invitations/{code:str}/password", opt={"says": ACCEPT})
async def set_password(request: AnyRequest) -> ASGIApp:
    """Set one's password."""
    code: str = request.scope["path_params"]["code"]
    return answer(await people.accept(house_of(request), address_of(request.scope), code, await body_of(request)))


@put("/v1/people/{login:str}/departure", opt={"says": DEPART})
async def depart(request: AnyRequest) -> ASGIApp:
    """Somebody leaves."""
    return answer(await people.depart(*caller(request), _login(request), await body_of(request)))


@put("/v1/people/{login:str}/card", opt={"says": CARD})
async def give_card(request: AnyRequest) -> ASGIApp:
    """What is on somebody's ID card."""
    return answer(await roles_and_cards.give_card(*caller(request), _login(request), await body_of(request)))


@put("/v1/people/{login:str}/roles", opt={"says": ROLES})
async def give_roles(request: AnyRequest) -> ASGIApp:
    """What somebody may do."""
    return answer(await roles_and_cards.give_roles(*caller(request), _login(request), await body_of(request)))


def _login(request: AnyRequest) -> str:
    login: str = request.scope["path_params"]["login"]
    if "\0" in login:
        raise NotFound
    return login


@put("/v1/people/{login:str}/photo", opt={"says": FACE})
async def give_face(request: AnyRequest) -> ASGIApp:
    """The photo on somebody's ID card."""
    login, house = request.scope["path_params"]["login"], house_of(request)
    if "\0" in login:
        raise NotFound
    parts = body.parts(request.scope, request.receive, house.vault.max_file)
    await photos.give(*caller(request), login, parts)
    return Answer(204)


ROUTES = (list_people, add_person, invite_person, set_password, depart, give_card, give_roles, give_face)
