"""Who may do what at the desk: every page and every form, read from the application, asked by everybody.

A new address without an expectation fails. The expectations are written by hand, as in `test_rights`.
"""

import re
from base64 import urlsafe_b64encode
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest

from tests.reviews import desk
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World
from tests.support.desk import FORM, DeskBrowser, field_of, signed_in
from tests.support.desk_forms import forms_of
from tests.support.desk_routes import DeskRoute, desk_routes
from tests.support.endurance import ENGINES
from tests.support.factories import uid
from tests.support.rights import (
    ADMIN,
    CUSTOMER,
    DISPATCH,
    DISPATCH_FAR,
    DISPATCHERS,
    EVERYBODY,
    NOBODY,
    OFFICE,
    OWN,
    REF,
    SUPER,
    SUPERVISORS,
    TECHNICIANS,
    VISITORS,
    leaks,
    settled,
)

Who = frozenset[str]
ONLY_SUPER, ONLY_OWN, ONLY_ADMIN = frozenset({SUPER}), frozenset({OWN}), frozenset({ADMIN})
OVERSEERS, PLANNERS = frozenset({SUPER, ADMIN}), DISPATCHERS
STAFF = DISPATCHERS | SUPERVISORS | {ADMIN}


SHOWN_AGAIN = ("review", "inquiries", "explanations", "corrections", "entries", "callbacks")
"""Addresses of forms that lead back to the page of the visit."""


class Expected(NamedTuple):
    """`may`: who gets an answer that is no refusal. `sees`: in whose answer something of the visit has to be."""

    may: Who
    sees: Who = NOBODY


PAGES = {
    "/sign-in": Expected(EVERYBODY),
    "/desk": Expected(EVERYBODY),
    "/sign-in/oidc": Expected(NOBODY),  # none is set here
    "/sign-in/oidc/callback": Expected(NOBODY),
    "/sign-in/passkey": Expected(EVERYBODY),
    "/sign-in/wecom": Expected(NOBODY),
    "/sign-in/wecom/callback": Expected(NOBODY),
    "/desk/account": Expected(EVERYBODY),
    "/desk/account/passkeys/new": Expected(EVERYBODY),
    "/desk/checklists": Expected(EVERYBODY),
    "/desk/checklists/{checklist_id}": Expected(EVERYBODY),
    "/desk/checklists/{checklist_id}/{version}": Expected(EVERYBODY),
    "/desk/duties": Expected(DISPATCHERS | SUPERVISORS, OFFICE),
    "/desk/events": Expected(SUPERVISORS | {ADMIN}),
    "/desk/imports": Expected(PLANNERS),
    "/desk/imports/done": Expected(PLANNERS),
    "/desk/imports/template": Expected(PLANNERS),
    "/desk/notices": Expected(DISPATCHERS | SUPERVISORS, OFFICE),
    "/desk/people": Expected(STAFF),
    "/desk/people/new": Expected(ONLY_ADMIN),
    "/desk/people/{login}": Expected(OFFICE | {ADMIN}),
    "/desk/phone-exports": Expected(SUPERVISORS),
    "/desk/privacy": Expected(SUPERVISORS | {ADMIN}),
    "/desk/privacy/customer": Expected(SUPERVISORS),
    "/desk/quarantine": Expected(SUPERVISORS | {ADMIN}),
    "/desk/quarantine/{input_id}": Expected(OVERSEERS),
    "/desk/queue": Expected(SUPERVISORS, ONLY_SUPER),
    "/desk/search": Expected(EVERYBODY - {ADMIN}, VISITORS),
    "/desk/today": Expected(EVERYBODY - {ADMIN}, VISITORS),
    "/desk/webhooks": Expected(ONLY_ADMIN, ONLY_ADMIN),  # the number of the visit
    "/desk/visits/new": Expected(PLANNERS),
    "/desk/visits/{visit_id}": Expected(VISITORS, VISITORS),
    **{f"/desk/visits/{{visit_id}}/{form}": Expected(EVERYBODY) for form in SHOWN_AGAIN},
    "/desk/visits/{visit_id}/plan": Expected(OFFICE, OFFICE),
}
NO_LINK = {"/desk/imports/done": EVERYBODY, "/desk/notices": EVERYBODY, "/desk/checklists": TECHNICIANS}
"""Where a form leads to; what is linked when there is somebody to tell; technicians have the checklist in the app."""
QUERIES = {"/desk/search": "?q=" + "1380000000", "/desk/today": "?date=2026-03-02"}
FORMS = {
    "/sign-in": EVERYBODY,
    "/sign-out": EVERYBODY,
    "/sign-in/passkey": EVERYBODY,
    "/desk/account/devices/{device_id}/revocation": OVERSEERS | {OWN},
    "/desk/account/passkeys/new": EVERYBODY,
    "/desk/account/passkeys/removal": NOBODY,  # nobody has one here
    "/desk/account/password": NOBODY,
    "/desk/account/recovery-codes": NOBODY,  # nobody has a second factor here
    "/desk/account/tokens/end": frozenset({min(EVERYBODY)}),  # whose token it is
    "/desk/account/second-factor": NOBODY,  # nobody has a password here
    "/desk/account/second-factor/removal": NOBODY,  # nobody has one here
    "/desk/account/sign-out-everywhere": EVERYBODY,
    "/desk/imports": PLANNERS,
    "/desk/imports/rows": PLANNERS,
    "/desk/notices": DISPATCHERS | SUPERVISORS,
    "/desk/people/new": ONLY_ADMIN,
    "/desk/people/{login}/card": ONLY_ADMIN,
    "/desk/people/{login}/departure": ONLY_ADMIN,
    "/desk/people/{login}/devices/{device_id}/revocation": OVERSEERS | {OWN},
    "/desk/people/{login}/enrolment": OVERSEERS,
    "/desk/people/{login}/invitation": ONLY_ADMIN,
    "/desk/people/{login}/roles": ONLY_ADMIN,
    "/desk/people/{login}/tokens/end": ONLY_ADMIN,
    "/desk/phone-exports": SUPERVISORS,
    "/desk/privacy/customer": SUPERVISORS,  # each finds visits of their areas
    "/desk/privacy/customer/export": SUPERVISORS,
    "/desk/privacy/holds": ONLY_SUPER,
    "/desk/privacy/holds/{hold_id}/end": ONLY_SUPER,
    "/desk/quarantine/{input_id}/decision": OVERSEERS,
    "/desk/quarantine/{input_id}/look": OVERSEERS,
    "/desk/webhooks/events/{event_id}/again": ONLY_ADMIN,
    "/desk/webhooks/{receiver}/again": ONLY_ADMIN,
    "/desk/webhooks/{receiver}/test": ONLY_ADMIN,
    "/desk/visits/new": PLANNERS,
    "/desk/visits/{visit_id}/assignee": ONLY_SUPER,
    "/desk/visits/{visit_id}/call": OFFICE,
    "/desk/visits/{visit_id}/callbacks": ONLY_SUPER,
    "/desk/visits/{visit_id}/cancel": OFFICE,
    "/desk/visits/{visit_id}/corrections": ONLY_SUPER,
    "/desk/visits/{visit_id}/corrections/withdraw": ONLY_SUPER,
    "/desk/visits/{visit_id}/details": OFFICE,
    "/desk/visits/{visit_id}/entries": OFFICE,
    "/desk/visits/{visit_id}/explanations": ONLY_OWN,
    "/desk/visits/{visit_id}/handover": OFFICE,
    "/desk/visits/{visit_id}/inquiries": ONLY_SUPER,
    "/desk/visits/{visit_id}/move": OFFICE,
    "/desk/visits/{visit_id}/notice": OFFICE,
    "/desk/visits/{visit_id}/review": ONLY_SUPER,
}
NOT_SHOWN = {
    "/desk/visits/{visit_id}/notice",
    "/desk/visits/{visit_id}/call",
    "/desk/imports/rows",
    "/desk/privacy/customer/export",
    "/desk/account/passkeys/removal",
    "/desk/account/recovery-codes",
    "/desk/account/second-factor/removal",
}
"""Forms that no page shows here: the work has begun, a table or a customer is shown first, and nobody has a second
factor."""
SHOWN_TO_ALL = {"/desk/account/second-factor", "/desk/account/password", "/desk/account/tokens/end"}
"""Forms that everybody has, each for themselves."""
NO_REDIRECT = {
    "/sign-in": "nobody has a password here",
    "/sign-in/passkey": "nobody has a passkey here",
    "/desk/account/passkeys/new": "takes the answer of a device",
    "/desk/account/passkeys/removal": "nobody has a passkey here",
    "/desk/account/password": "nobody has a password here",
    "/desk/account/tokens/end": "the session has ended with all others",
    "/desk/account/recovery-codes": "shows the codes once",
    "/desk/imports": "shows what was read and stores nothing",
    "/desk/people/new": "shows the invitation once",
    "/desk/people/{login}/invitation": "shows the invitation once",
    "/desk/people/{login}/tokens/end": "the session has ended with all others",
    "/desk/people/{login}/enrolment": "shows the code once",
    "/desk/account/second-factor": "shows the secret once",
    "/desk/account/second-factor/removal": "nobody has a second factor here",
    "/desk/privacy/customer": "shows what nobody may keep in an address",
    "/desk/privacy/customer/export": "gives a file",
    "/desk/quarantine/{input_id}/look": "shows what nobody may keep in an address",
    "/desk/phone-exports": "a record is imported once, however often",
}
"""Forms that answer with a page: why."""
FILLED = {
    "reason": "测试",
    "sure": "yes",
    "text": "测试",
    "look_reason": "测试",
    "hold_reason": "测试",
    "hold_until": "2027-01-01",
    "login": "new",
    "password": "x",
    "present": "x",
    "again": "x",
    "name": "新人",
    "content": "检修",
    "from": "15:00",
    "to": "16:00",
    "type": "repair_leak",
    "technician": OWN,
    "role:technician": "on",
}
CHOSEN = {
    "/desk/account/second-factor/removal": {"sure": "yes"},
    "/desk/visits/new": {"type": "repair_leak", "technician": OWN, "from": "15:00", "to": "16:00"},
    "/desk/visits/{visit_id}/review": {"rest": "uphold"},
    "/desk/visits/{visit_id}/callbacks": {"answer:shoe_covers_on": "good"},
    "/desk/visits/{visit_id}/corrections": {"item:door_signal": "1", "due": "2026-03-03T18:00"},
}
"""What has to be chosen in a form before it asks for anything."""
AHEAD = ("/desk/visits/{visit_id}/call", "/desk/visits/{visit_id}/cancel", "/desk/visits/{visit_id}/notice")
"""What is only done before the work: each about a visit of its own."""
DOES = {
    "/desk/account/devices/{device_id}/revocation": OWN,
    "/desk/notices": DISPATCH,
    "/desk/visits/new": DISPATCH,
}
TABLE = "工单号,类型,开始,结束,技术员,姓名,工作内容\nGD-1,维修（漏水）,2027-03-02 15:00,16:00,li,陶,检修\n"
RIGHT = {
    "/desk/imports/rows": {"table": urlsafe_b64encode(TABLE.encode()).decode()},
    "/desk/privacy/customer": {"customer": CUSTOMER["phone"]},
    "/desk/privacy/customer/export": {"customer": CUSTOMER["phone"], "reason": "测试", f"visit:{VISIT}": "on"},
    "/desk/quarantine/{input_id}/decision": {"decision": "discard", "reason": "测试"},
    "/desk/visits/{visit_id}/call": {"id": str(uid("call")), "called": "陶女士", "text": "电话告知"},
    "/desk/visits/{visit_id}/cancel": {"revision": "0", "reason": "不去"},
}
"""What makes a form do something."""
LAST = (
    "/sign-out",
    "/desk/account/sign-out-everywhere",
    "/desk/account/tokens/end",
    "/desk/people/{login}/tokens/end",
    "/desk/people/{login}/departure",
)
"""These end sessions, so they are asked at the end."""
DONE = uid("done")


class Desk:
    """A town, everybody's browser, and the fields of every form that a page shows."""

    def __init__(self, world: World, ids: dict[str, Any]) -> None:
        self.world, self.ids, self.browsers = world, ids, dict[str, DeskBrowser]()
        self.pages: dict[tuple[str, str], httpx.Response] = {}
        self.forms: dict[str, dict[str, dict[str, str]]] = {}

    async def opened(self) -> "Desk":
        """Look at every page as everybody."""
        by_address = {route.at(self.ids): route.path for route in ROUTES.values() if route.method == "POST"}
        for who in sorted(EVERYBODY):
            self.browsers[who] = await signed_in(self.world, who)
            for path in (*PAGES, f"/desk/visits/{DONE}", f"/desk/visits/{DONE}/plan"):
                address = path.format(**self.ids) + QUERIES.get(path, "")
                page = self.pages[path, who] = await self.browsers[who].get(address)
                for form in forms_of(page):
                    action = form.action.partition("?")[0].replace(str(DONE), str(VISIT))
                    action = action.replace(str(uid("account held")), str(uid("held")))
                    if form.method == "POST" and action in by_address:
                        chosen = self.forms.setdefault(by_address[action], {})
                        chosen.setdefault(who, form.fields | {name: FILLED.get(name, "1") for name in form.empty})
                    else:
                        assert form.method == "GET" or action == "/language", f"{address} posts to {form.action}"
        return self

    async def state(self) -> Any:
        """Whatever an action of somebody who may not do it could change."""
        whole = [(await self.world.ask(SUPER, "GET", f"/v1/visits/{one}")).json() for one in (VISIT, DONE)]
        lists = ("people", "devices", "quarantine", "duties", "reviews")
        rest = [(await self.world.ask(SUPER, "GET", f"/v1/{name}")).json() for name in lists]
        return [[{**one, "judgement": None} for one in whole], rest]


ROUTES: dict[str, DeskRoute] = desk_routes()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """In CI one engine: who may do what is decided before anything is written."""
    return request.param


@pytest.fixture
async def town(world: World) -> Desk:
    """A visit with a record and a returned item, one that is done and owes something, a phone,
    something in quarantine; and people who work elsewhere."""
    world, ids = await settled(world)
    plan = {"customer": CUSTOMER, "area": "城东", "external_ref": REF}
    assert (await world.plan(DONE, **plan)).status_code == 201
    window = {"from": stories.clock("15:00"), "to": stories.clock("16:00")}
    assert (await world.plan(uid("to be told"), **plan, window=window)).status_code == 201
    assert (await world.submit(desk.record_of(DONE), uid(f"record of {DONE}"))).status_code == 201
    given = {"visit_id": VISIT, "input_id": ids["kept"], "device_id": ids["device"], "login": OWN}
    given |= {"event_id": ids["event"], "receiver": "gis"}
    given["hold_id"] = uid("held")
    return await Desk(world, given | {"checklist_id": "onsite", "version": "1"}).opened()


def test_every_address_has_an_expectation_and_every_expectation_an_address() -> None:
    assert {f"GET {path}" for path in PAGES} | {f"POST {path}" for path in FORMS} == set(ROUTES)


async def test_whoever_may_see_a_page_is_led_to_it_whatever_is_set(sqlite_world: World) -> None:
    await settled(sqlite_world)
    sqlite_world.ctx.receivers = ()
    for who in sorted(EVERYBODY):
        browser = await signed_in(sqlite_world, who)
        found, waiting = set[str](), ["/desk/account"]
        while waiting:
            page = await browser.get(waiting.pop())
            links = re.findall(r'(?:href|action)="(/desk[^"?#]*)', page.text)
            waiting += [link for link in links if link in PAGES and link not in found]
            found |= set(waiting)
        wanted = {path for path, expected in PAGES.items() if who in expected.may and path.startswith("/desk")}
        missing = {path for path in wanted if "{" not in path} - found
        assert all(who in NO_LINK.get(path, ()) for path in missing), (who, missing)


def refused(answer: httpx.Response) -> bool:
    """Whether somebody may not do it, or must not know that it is there."""
    return answer.status_code in (401, 403, 404)


async def test_everybody_sees_their_pages_and_forms_and_nothing_of_a_foreign_visit(town: Desk) -> None:
    for path, expected in PAGES.items():
        for who in sorted(EVERYBODY):
            page = town.pages[path, who]
            assert refused(page) == (who not in expected.may), (path, who, page.status_code)
            assert leaks(page) == (who in expected.sees), (path, who)
    nobody = DeskBrowser(town.world)
    nobody.cookies = {"__Host-doorstep": "x" * 43}
    for path in PAGES:
        if not path.startswith("/sign-in"):
            page = await nobody.get(path.format(**town.ids))
            assert (page.status_code, page.headers["location"][:9], page.text) == (303, "/sign-in?", ""), path

    for path, offered in town.forms.items():
        assert set(offered) <= FORMS[path] or path in SHOWN_TO_ALL, path
    assert set(FORMS) - NOT_SHOWN == set(town.forms), "a form that no page has"


async def test_nobody_does_what_they_may_not(town: Desk) -> None:
    before = await town.state()
    for path, may in FORMS.items():
        await ask_all(town, path, EVERYBODY - may, may=False)
    assert await town.state() == before
    for path in sorted(FORMS, key=lambda one: (one in LAST, one)):
        if not path.startswith("/sign-in"):  # takes a login and password
            await ask_all(town, path, FORMS[path], may=True)
    assert await town.state() != before, "the control: they would have changed something"


async def test_a_form_that_did_something_leads_on_so_that_a_reload_repeats_nothing(town: Desk) -> None:
    window = {"from": stories.clock("17:00"), "to": stories.clock("18:00")}
    for path in AHEAD:
        assert (await town.world.plan(uid(path), customer=CUSTOMER, area="城东", window=window)).status_code == 201
    for path in sorted(set(FORMS) - set(NO_REDIRECT), key=lambda one: (one in LAST, one)):
        browser = await signed_in(town.world, DOES.get(path, min(FORMS[path])))
        fields = next(iter(town.forms.get(path, {}).values()), {}) | CHOSEN.get(path, {}) | RIGHT.get(path, {})
        fields |= {"csrf": browser.cookies["__Host-doorstep-csrf"], "sure": "yes"}
        if path == "/desk/visits/{visit_id}/review":
            fields["tag"] = await browser.field(f"/desk/visits/{VISIT}", "tag")
        address = path.format(**town.ids | ({"visit_id": uid(path)} if path in AHEAD else {}))
        answer = await browser.post(address, fields)
        if 'name="confirmed"' in answer.text:
            answer = await browser.post(address, fields | {"confirmed": field_of(answer, "confirmed")})
        assert answer.status_code == 303, (path, answer.status_code, answer.text.partition('role="alert"')[2][:300])


async def test_a_dispatcher_of_another_area_plans_nothing_for_this_one(town: Desk) -> None:
    fields = {who: shown | CHOSEN["/desk/visits/new"] for who, shown in town.forms["/desk/visits/new"].items()}
    outcomes = {}
    for who in PLANNERS:
        warned = await town.browsers[who].post("/desk/visits/new", fields[who])
        assert warned.status_code == 409, "the technician has another visit then"
        assert who in VISITORS or not leaks(warned)
        confirmed = {"confirmed": field_of(warned, "confirmed")}
        outcomes[who] = (await town.browsers[who].post("/desk/visits/new", fields[who] | confirmed)).status_code
    assert outcomes == {DISPATCH: 303, DISPATCH_FAR: 403}


async def ask_all(town: Desk, path: str, people: Who, *, may: bool) -> None:
    """Post the form of somebody who may, as everybody else."""
    fields = next(iter(town.forms.get(path, {}).values()), {}) | CHOSEN.get(path, {})
    for who in sorted(people, key=lambda one: (one == ADMIN, one)):  # who makes others leave comes last
        browser = town.browsers[who]
        given = {**fields, "csrf": browser.cookies.get("__Host-doorstep-csrf", "")}
        answer = await browser.post(path.format(**town.ids), given)
        assert refused(answer) == (not may), (path, who, answer.status_code, answer.text.partition("alert")[2][:300])
        assert "text/html" in answer.headers.get("content-type", "text/html"), (path, who)
        if who not in VISITORS | {ADMIN}:
            assert not leaks(answer), (path, who)


async def test_no_form_counts_without_the_token_of_its_session(town: Desk) -> None:
    before = await town.state()
    for path in FORMS:
        if path.startswith("/sign-in"):
            continue
        for who in sorted(EVERYBODY):
            fields = town.forms.get(path, {}).get(who, {})
            other = town.browsers[min(EVERYBODY - {who})].cookies["__Host-doorstep-csrf"]
            for token in ("", "guessed", other):
                answer = await town.browsers[who].post(path.format(**town.ids), {**fields, "csrf": token})
                assert answer.status_code == 403, (path, who, token)
                assert not leaks(answer), (path, who)
        elsewhere = await town.browsers[SUPER].post(path.format(**town.ids), {}, origin="https://evil.test")
        assert elsewhere.status_code == 403, path
        nobody = await DeskBrowser(town.world).ask(
            "POST", path.format(**town.ids), urlencode({"csrf": ""}).encode(), content_type=FORM
        )
        assert (nobody.status_code, nobody.text) == (303, ""), path
    assert await town.state() == before
