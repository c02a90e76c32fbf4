"""The desk's pages of people: the list, a person, and what admins and supervisors may do about them."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts import tokens
from service.accounts.desk import (
    Desk,
    DeskController,
    DeskRequest,
    explain,
    redirect_with_notice,
    render_desk,
    require_sure,
    retry_after,
)
from service.accounts.labels import ROLE_NAMES
from service.accounts.permissions import Person, supervises
from service.accounts.validation import NewPerson
from service.devices import enrolment
from service.devices.enrolment import EnrolmentRequest
from service.errors import FieldError, InvalidBody, PermissionDenied, Problem, SignInAgain
from service.web.decoding import convert_strict
from service.web.language import PageText
from service.web.query import path_text, text_parameter

from . import people, roles_and_cards
from .people import DeactivationRequest, Invite
from .roles_and_cards import NewCard, NewRoles

Login = Annotated[str, path_text("The person's login.")]
ROLE = "role:"
"""The prefix of the boxes for roles."""


class PeoplePagesController(DeskController):
    """The list of people, and the form to add one."""

    path = "/desk/people"

    @get()
    async def show_people(
        self,
        desk: Desk,
        after: Annotated[str | None, text_parameter("The login to go on after.", max_length=64)] = None,
    ) -> ASGIResponse:
        """Present and former colleagues, by login."""
        page = await people.page(desk.ctx, desk.token, after or "")
        view = {"page": page, "role_names": ROLE_NAMES, "adds": desk.person.can("add people")}
        return render_desk(desk, "staff/people.html", view, section="people")

    @get("/new")
    async def show_new_person(self, desk: Desk) -> ASGIResponse:
        """An empty form."""
        return await _new_person(desk, {})

    @post("/new", status_code=200)
    async def add_person(self, desk: Desk) -> ASGIResponse:
        """Add a person, and show their invitation this once."""
        try:
            await _require_known_areas(desk)
            given = convert_strict(
                NewPerson, {"login": desk.form.get("login", "").strip(), **_card(desk), **_roles(desk)}
            )
            invitation = await people.create_person_as(desk.ctx, desk.token, given)
        except Problem as problem:
            _raise_if_not_of_the_form(problem)
            return await _new_person(desk, desk.form, problem)
        view = {"person": invitation.person, "invitation": invitation}
        return render_desk(desk, "staff/invited.html", view, section="people", back=_address(invitation.person.login))


class PersonPagesController(DeskController):
    """The page of a person, and its forms."""

    path = "/desk/people/{login:str}"

    @get()
    async def show_person(self, desk: Desk, login: Login) -> ASGIResponse:
        """Their card, roles and areas."""
        return await _person(desk, login)

    @post("/card", status_code=303)
    async def give_card(self, desk: Desk, login: Login) -> ASGIResponse:
        """Name, number and title."""

        async def work() -> None:
            await roles_and_cards.give_card(desk.ctx, desk.token, login, convert_strict(NewCard, _card(desk)))

        return await _change(desk, login, "card", work, PageText("工作证已更正"))

    @post("/roles", status_code=303)
    async def give_roles(self, desk: Desk, login: Login) -> ASGIResponse:
        """All roles and areas from now on."""

        async def work() -> None:
            await _require_known_areas(desk)
            await roles_and_cards.give_roles(desk.ctx, desk.token, login, convert_strict(NewRoles, _roles(desk)))

        return await _change(desk, login, "roles", work, PageText("角色和片区已改"))

    @post("/departure", status_code=303)
    async def depart(self, desk: Desk, login: Login) -> ASGIResponse:
        """They leave, and lose all access."""

        async def work() -> None:
            require_sure(desk)
            given = convert_strict(DeactivationRequest, {"reason": desk.form.get("reason", "").strip()})
            await people.deactivate(desk.ctx, desk.token, login, given.reason)

        return await _change(desk, login, "departure", work, PageText("已离职，所有登录和设备已停用"))

    @post("/invitation", status_code=200)
    async def invite(self, desk: Desk, login: Login) -> ASGIResponse:
        """A new invitation, shown this once; with `reset` the old credentials end."""
        try:
            given = Invite(login, reset="reset" in desk.form)
            invitation = await people.invite(desk.ctx, desk.token, given)
        except Problem as problem:
            _raise_if_not_of_the_form(problem)
            return await _person(desk, login, "invitation", problem)
        view = {"person": invitation.person, "invitation": invitation}
        return render_desk(desk, "staff/invited.html", view, section="people", back=_address(login))

    @post("/enrolment", status_code=200)
    async def enrol(self, desk: Desk, login: Login) -> ASGIResponse:
        """A QR code that the technician's phone scans, shown this once."""
        try:
            found = await enrolment.enrol(desk.ctx, desk.token, EnrolmentRequest(login))
        except Problem as problem:
            _raise_if_not_of_the_form(problem)
            return await _person(desk, login, "enrolment", problem)
        view = {"person": await people.find(desk.ctx, desk.token, login), "enrolment": found}
        return render_desk(desk, "staff/enrol.html", view, section="people", back=_address(login))

    @post("/tokens/end", status_code=303)
    async def end_token(self, desk: Desk, login: Login) -> ASGIResponse:
        """End one of their sessions or tokens."""

        async def work() -> None:
            await tokens.end_token(desk.ctx, desk.token, desk.form.get("token", ""), login)

        return await _change(desk, login, "tokens", work, PageText("已结束"))

    @post("/devices/{device_id:uuid}/revocation", status_code=303)
    async def revoke_device(self, desk: Desk, login: Login, device_id: FromPath[UUID]) -> ASGIResponse:
        """One of their phones is lost or given back."""

        async def work() -> None:
            require_sure(desk)
            await enrolment.revoke(desk.ctx, desk.token, device_id)

        return await _change(desk, login, "devices", work, PageText("设备已停用"))


async def _change(
    desk: DeskRequest, login: str, form: str, work: Callable[[], Awaitable[None]], done: PageText
) -> ASGIResponse:
    try:
        await work()
    except Problem as problem:
        _raise_if_not_of_the_form(problem)
        return await _person(desk, login, form, problem)
    return redirect_with_notice(_address(login), done)


async def _new_person(desk: DeskRequest, form: Mapping[str, str], problem: Problem | None = None) -> ASGIResponse:
    if not desk.person.can("add people"):
        raise PermissionDenied
    view: dict[str, Any] = {
        "form": form,
        "role_names": ROLE_NAMES,
        "problem": explain(problem) if problem else (),
        **await _areas(desk),
    }
    status, headers = (problem.status, retry_after(problem)) if problem else (200, ())
    return render_desk(desk, "staff/new_person.html", view, status, headers, section="people", back="/desk/people/new")


async def _person(desk: DeskRequest, login: str, sent: str = "", problem: Problem | None = None) -> ASGIResponse:
    """The page; the form that was `sent` has what was typed."""
    person = await people.find(desk.ctx, desk.token, login)
    present = person.left_at is None
    known = Person(person.login, person.name, person.roles, person.areas)
    now = {
        "name": person.name,
        "badge": person.badge,
        "title": person.title,
        "areas": "、".join(person.areas),
        **{ROLE + role: "on" for role in person.roles},
    }
    manages = supervises(desk.person, "see devices", known)
    view = {
        "subject": person,
        "manages": manages,
        "devices": await enrolment.devices_of(desk.ctx, desk.token, login) if manages else (),
        "now": now,
        "sent": sent,
        "typed": desk.form,
        "role_names": ROLE_NAMES,
        "problem": explain(problem) if problem else (),
        "changes": present and desk.person.can("add people"),
        "tokens": await _tokens(desk, login),
        "soon": desk.ctx.now() + tokens.WARNING,
        **await _areas(desk),
        "leaves": login != desk.person.login,
        "enrols": present and "technician" in person.roles and supervises(desk.person, "enrol a device", known),
    }
    status, headers = (problem.status, retry_after(problem)) if problem else (200, ())
    return render_desk(desk, "staff/person.html", view, status, headers, section="people", back=_address(login))


async def _tokens(desk: DeskRequest, login: str) -> list[tokens.TokenView]:
    """Sessions and tokens of scripts, for those who may end them; phones have a table of their own."""
    if not desk.person.can("add people"):
        return []
    return [one for one in await tokens.tokens_of(desk.ctx, desk.token, login) if one.kind != "device"]


def _card(desk: DeskRequest) -> dict[str, str]:
    return {name: desk.form.get(name, "").strip() for name in ("name", "badge", "title")}


def _roles(desk: DeskRequest) -> dict[str, Any]:
    areas = (area.strip() for area in re.split(r"[、,，;；\n]", desk.form.get("areas", "")))
    roles = [name.removeprefix(ROLE) for name in desk.form if name.startswith(ROLE)]
    return {"roles": roles, "areas": [area for area in areas if area]}


async def _areas(desk: DeskRequest) -> dict[str, Any]:
    """The areas that there are, and those of the form that there are not; for those who may give them."""
    if not desk.person.can("add people"):
        return {"known_areas": (), "new_areas": ""}
    known = await people.known_areas(desk.ctx, desk.token)
    new = [area for area in _roles(desk)["areas"] if area not in known]
    return {"known_areas": known, "new_areas": "、".join(new)}


async def _require_known_areas(desk: DeskRequest) -> None:
    """InvalidBody for an area that nobody has, unless the form says that it is meant: it may be a slip."""
    new = (await _areas(desk))["new_areas"]
    if new and desk.form.get("new_areas") != new:
        zh, en = (
            f"还没有“{new}”这个片区；确实是新的，请在下面打勾",
            f"there is no area “{new}”; tick below if it is new",
        )
        raise InvalidBody("", (FieldError("/areas", "unknown-area", f"{zh} / {en}"),))


def _address(login: str) -> str:
    return f"/desk/people/{quote(login, safe='')}"


def _raise_if_not_of_the_form(problem: Problem) -> None:
    if problem.status in (500, 503) or isinstance(problem, SignInAgain):
        raise problem


ROUTES = (PeoplePagesController, PersonPagesController)
