"""Who may do what: every endpoint of the OpenAPI document, asked by everybody, about one visit and one technician.

A new endpoint without a row here fails. The rows are written by hand, not read from the table in the domain.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
import pytest

from service.accounts.authentication import token_digest
from service.accounts.permissions import ROLE_PERMISSIONS
from service.accounts.tokens import token_id
from service.phone import files
from tests.support import openapi_document
from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.endurance import ENGINES
from tests.support.factories import a_plan, said, stories, uid
from tests.support.pictures import name as name_of
from tests.support.rights import (
    ADMIN,
    CORRECTION,
    CUSTOMER,
    DISPATCH,
    DISPATCHERS,
    EVERYBODY,
    JPEG,
    NOBODY,
    OFFICE,
    OTHER,
    OWN,
    PART,
    PHOTO,
    SAME,
    SENDERS,
    SUPER,
    SUPER_FAR,
    SUPERVISORS,
    TECHNICIANS,
    TUS,
    VISITORS,
    leaks,
    settled,
)


class Row(NamedTuple):
    """`may`: who gets an answer that is no refusal. `sees`: in whose answer something of the visit may stand."""

    method: str
    path: str
    may: frozenset[str]
    content: Any = None
    sees: frozenset[str] | None = None
    public: bool = False
    headers: Mapping[str, str] = MappingProxyType({})


def public(method: str, path: str, content: Any = None) -> Row:
    """What strangers ask: it takes no token, and here it has no good code either."""
    return Row(method, path, EVERYBODY, content, NOBODY, public=True)


V = f"/v1/visits/{VISIT}"
WINDOW = {"from": stories.clock("13:00"), "to": stories.clock("14:00"), "reason": "客户要求"}
SEEN = {"if_match": '"0"'}
ENTRIES = {"entries": [said("08:01", "appointment_made", by="office")]}
WORDS = {"finding": "missing.id_shown", "text": "已出示"}
CALL = {
    "called": "陶女士",
    "at": stories.clock("10:00"),
    "text": "满意",
    "answers": [{"item": "id_shown", "good": True}],
}
ROWS: dict[str, Row] = {
    "live": public("GET", "/health/live"),
    "ready": public("GET", "/health/ready"),
    "sign_in": public("POST", "/v1/session", {"login": "li", "password": "x"}),
    "set_up_second_factor": public("PUT", "/v1/me/second-factor", {"login": "li", "password": "x"}),
    "set_password": public("PUT", "/v1/invitations/guess/password", {"password": "a long enough one"}),
    "take_delivery_reports": public(
        "POST", "/v1/delivery-reports", {"reports": [{"id": str(VISIT), "state": "failed"}]}
    ),
    "register_device": public("POST", "/v1/devices", {"code": "guess", "name": "x"}),
    "show_invitation": public("GET", "/invitation"),
    "take_invitation": public("POST", "/invitation", b""),
    "check_factor": public("POST", "/invitation/check", b""),
    "show_enrolment": public("GET", "/enrol"),
    "show_checkpoint": public("GET", "/log/checkpoint"),
    "show_key": public("GET", "/log/key"),
    "show_tile": public("GET", "/log/tile/0/000"),
    "show_app": public("GET", "/phone"),
    "show_worker": public("GET", "/phone/sw.js"),
    "show_manifest": public("GET", "/phone/manifest.webmanifest"),
    "show_app_file": public("GET", files.BASE + "app/app.css"),
    "switch_language": public("POST", "/language", b""),
    "show_file": public("GET", "/web/shared/page.js"),
    "show_logo": public("GET", "/brand/logo"),
    "me": Row("GET", "/v1/me", EVERYBODY),
    "list_own_tokens": Row("GET", "/v1/me/tokens", EVERYBODY),
    "end_own_token": Row("DELETE", f"/v1/me/tokens/{token_id(token_digest(f'token of {SAME}'))}", frozenset({SAME})),
    "list_tokens": Row("GET", f"/v1/people/{OWN}/tokens", frozenset({ADMIN})),
    "end_token": Row(
        "DELETE", f"/v1/people/{OWN}/tokens/{token_id(token_digest(f'token of {OWN}'))}", frozenset({ADMIN})
    ),
    "change_password": Row("PUT", "/v1/me/password", NOBODY, {"old": "x", "password": "x"}),  # nobody has one
    "sign_out_everywhere": Row("DELETE", "/v1/sessions", EVERYBODY),
    "sign_out": Row("DELETE", "/v1/session", EVERYBODY),  # of a script's token it is a conflict
    "list_events": Row("GET", "/v1/events", SUPERVISORS | {ADMIN}),
    "export_events": Row("GET", "/v1/events.csv", SUPERVISORS | {ADMIN}),
    "list_people": Row("GET", "/v1/people", DISPATCHERS | SUPERVISORS | {ADMIN}),
    "add_person": Row(
        "POST", "/v1/people", frozenset({ADMIN}), {"login": "new", "name": "新", "roles": ["technician"]}
    ),
    "give_card": Row("PUT", f"/v1/people/{OWN}/card", frozenset({ADMIN}), {"name": "李强", "badge": "007"}),
    "give_roles": Row(
        "PUT", f"/v1/people/{OWN}/roles", frozenset({ADMIN}), {"roles": ["technician"], "areas": ["城南"]}
    ),
    "give_face": Row("PUT", f"/v1/people/{OWN}/photo", frozenset({ADMIN}), OTHER, headers=JPEG),
    "invite_person": Row("POST", "/v1/invitations", frozenset({ADMIN}), {"person": OWN}),
    "depart": Row("PUT", f"/v1/people/{OWN}/departure", frozenset({ADMIN}), {"reason": "退休"}),
    "enrol_device": Row("POST", "/v1/enrolments", frozenset({SUPER, ADMIN}), {"person": OWN}),
    "list_devices": Row("GET", "/v1/devices", TECHNICIANS | SUPERVISORS | {ADMIN}),
    "revoke_device": Row("DELETE", "/v1/devices/{device}", frozenset({OWN, SUPER, ADMIN})),
    "renew_token": Row("POST", "/v1/devices/{device}/token", NOBODY),  # only the device itself
    "list_checklists": Row("GET", "/v1/checklists", EVERYBODY),
    "show_checklist": Row("GET", "/v1/checklists/onsite/1", EVERYBODY),
    "list_visits": Row("GET", "/v1/visits", EVERYBODY - {ADMIN}, sees=VISITORS),
    "show_visit": Row("GET", V, VISITORS),
    "show_judgement": Row("GET", f"{V}/judgement", VISITORS),
    "plan_visit": Row("PUT", f"/v1/visits/{uid('new')}", frozenset({DISPATCH}), a_plan(customer=CUSTOMER, area="城东")),
    "add_entries": Row("POST", f"{V}/entries", OFFICE, ENTRIES),
    "submit_record": Row("PUT", f"/v1/records/{uid('r2')}", frozenset({OWN}), record(uid("r2"))),
    "show_receipt": Row("GET", f"/v1/records/{RECORD}", VISITORS),
    "show_body": Row("GET", f"/v1/records/{RECORD}/body", VISITORS),
    "take_in_record": Row("PUT", f"{V}/taken-in/{uid('r3')}", frozenset({SUPER}), record(uid("r3"))),
    "attach_evidence": Row("PUT", f"/v1/evidence/{name_of(OTHER)}", SENDERS, OTHER, headers=JPEG),
    "show_evidence": Row("GET", f"/v1/evidence/{name_of(PHOTO)}", VISITORS),
    "give_up_evidence": Row(
        "PUT", f"/v1/records/{uid('photo')}/lost/{name_of(OTHER)}", frozenset({OWN, SUPER}), {"reason": "丢失"}
    ),
    "tell_tus": public("OPTIONS", "/v1/uploads"),
    "create_upload": Row("POST", "/v1/uploads", SENDERS, headers=TUS | {"upload_length": str(len(OTHER))}),
    "show_upload": Row("HEAD", "/v1/uploads/{upload}", frozenset({OWN}), headers=TUS),
    "append_to_upload": Row("PATCH", "/v1/uploads/{upload}", frozenset({OWN}), OTHER[:9], headers=TUS | PART),
    "end_upload": Row("DELETE", "/v1/uploads/{upload}", frozenset({OWN}), headers=TUS),
    "list_quarantine": Row("GET", "/v1/quarantine", SUPERVISORS | {ADMIN}),
    "look_at_quarantine": Row("GET", "/v1/quarantine/{kept}?reason=why", frozenset({SUPER, ADMIN})),
    "decide_quarantine": Row(
        "PUT", "/v1/quarantine/{kept}/decision", frozenset({SUPER, ADMIN}), {"decision": "discard", "reason": "测试"}
    ),
    "list_webhooks": Row("GET", "/v1/webhooks", frozenset({ADMIN})),
    "list_webhook_events": Row("GET", "/v1/webhooks/events", frozenset({ADMIN}), sees=frozenset({ADMIN})),  # its number
    "send_webhook_again": Row("POST", "/v1/webhooks/events/{event}/deliveries", frozenset({ADMIN})),
    "test_webhook": Row("POST", "/v1/webhooks/gis/tests", frozenset({ADMIN})),
    "send_webhooks_again": Row(
        "POST", "/v1/webhooks/gis/deliveries", frozenset({ADMIN}), {"since": stories.clock("00:00")}
    ),
    # what changes about a visit
    "change_window": Row("PUT", f"{V}/window", OFFICE, WINDOW, headers=SEEN),
    "change_technician": Row("PUT", f"{V}/technician", OFFICE, {"technician": SAME}, headers=SEEN),
    "change_details": Row("PUT", f"{V}/details", OFFICE, {"reason": "写错", "customer": CUSTOMER}, headers=SEEN),
    "change_due": Row("PUT", f"{V}/due", OFFICE, {"site_cleared": stories.clock("18:00")}, headers=SEEN),
    "cancel_visit": Row("PUT", f"{V}/cancellation", OFFICE, {"reason": "客户取消"}, headers=SEEN),
    "record_departure": Row("PUT", f"{V}/departure", frozenset({OWN}), {"at": stories.clock("08:30")}),
    "open_calendar": Row("PUT", "/v1/me/calendar", TECHNICIANS),
    "end_calendar": Row("DELETE", "/v1/me/calendar", TECHNICIANS),
    "show_calendar": public("GET", "/calendar/guess.ics"),
    "import_visits": Row(
        "POST", "/v1/imports", DISPATCHERS, "工单号".encode(), NOBODY, headers={"content_type": "text/csv"}
    ),
    "show_agenda": Row("GET", "/v1/agenda", TECHNICIANS, sees=frozenset({OWN})),
    # how a visit ends
    "list_reviews": Row("GET", "/v1/reviews", SUPERVISORS, sees=frozenset({SUPER})),
    "show_review": Row("GET", f"{V}/review", OFFICE),
    "review_visit": Row("PUT", f"{V}/review", frozenset({SUPER}), {}, headers={"if_match": '"0-0-0"'}),
    "assign_review": Row("PUT", f"{V}/assignee", frozenset({SUPER}), {"person": None}),
    "explain_finding": Row("PUT", f"{V}/explanations/{uid('e')}", frozenset({OWN}), WORDS),
    "ask_about_finding": Row("PUT", f"{V}/inquiries/{uid('q')}", frozenset({SUPER}), WORDS),
    "set_hold": Row("PUT", f"/v1/holds/{uid('hold')}", frozenset({SUPER}), {"visit": str(VISIT), "reason": "诉讼"}),
    "end_hold": Row("PUT", f"/v1/holds/{uid('account held')}/end", frozenset({SUPER}), {"reason": "和解"}),
    "list_holds": Row("GET", "/v1/holds", SUPERVISORS, sees=frozenset({SUPER})),
    "show_history": Row("GET", f"{V}/history", OFFICE),
    "return_items": Row("PUT", f"/v1/corrections/{uid('c')}", frozenset({SUPER}), CORRECTION),
    "withdraw_correction": Row("DELETE", f"/v1/corrections/{uid('returned')}", frozenset({SUPER})),
    "list_duties": Row("GET", "/v1/duties", DISPATCHERS | SUPERVISORS, sees=OFFICE),
    "record_callback": Row("PUT", f"{V}/callbacks/{uid('call')}", frozenset({SUPER}), CALL),
    # messages, links and the doorstep
    "offer_notice": Row("GET", f"{V}/notice", OFFICE),
    "send_notice": Row("POST", f"{V}/notice", OFFICE, {"channel": "sms"}),
    "send_due_notices": Row(
        "POST",
        "/v1/notices",
        DISPATCHERS | SUPERVISORS,
        {"channel": "sms", "dry_run": False, "date": "2026-03-02"},
        sees=OFFICE,
    ),
    "record_call": Row("PUT", f"{V}/notice-calls/{uid('told')}", OFFICE, {"called": "陶女士", "text": "已告知"}),
    "make_link": Row("POST", f"{V}/confirmation-link", OFFICE),
    "show_doorstep_code": Row("GET", f"{V}/doorstep", frozenset({OWN})),
    "show_customers_page": public("GET", "/c/guess"),
    "take_form": public("POST", "/c/guess", b""),
    "show_customers_photo": public("GET", f"/c/guess/photo/{name_of(PHOTO)}"),
    "show_who_comes": public("GET", "/c/guess/who"),
    "show_who_stands_there": public("GET", "/d/guess/who"),
    "take_copy": public("GET", "/c/guess/copy"),
    "take_pdf": public("GET", "/c/guess/copy.pdf"),
    "check_customers_page": public("HEAD", "/c/guess"),
    "show_privacy": public("GET", "/privacy"),
    "show_doorstep_page": public("GET", "/d/guess"),
    "confirm_doorstep": public("POST", "/d/guess", b""),
    "show_confirmation": public("GET", "/v1/confirmations/guess"),
    "answer_confirmation": public("PUT", "/v1/confirmations/guess", {}),
    "send_code": public("POST", "/v1/confirmations/guess/code"),
    "give_code": public("PUT", "/v1/confirmations/guess/code", {"code": "000000"}),
}
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    name: (method, path, operation) for name, (path, method, operation) in openapi_document.OPERATIONS.items()
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """In CI one engine: who may do what is decided before anything is written."""
    return request.param


@pytest.fixture
async def town(world: World) -> tuple[World, dict[str, str]]:
    """The town."""
    return await settled(world)


def test_every_endpoint_has_a_row_and_every_row_an_endpoint():
    assert set(ROWS) == set(OPERATIONS)
    for name, row in ROWS.items():
        method, path, operation = OPERATIONS[name]
        assert row.method == method, name
        assert row.public == (operation.get("security") == []), name
        template = path.replace("{version}/{file}", "v/app/app.css").replace("{tile}", "0/000")
        assert len(row.path.partition("?")[0].split("/")) == len(template.split("/")), name


def test_every_right_is_somebodys():
    assert all(ROLE_PERMISSIONS.values())


@pytest.mark.parametrize("name", sorted(set(ROWS) & set(OPERATIONS)))
async def test_nobody_does_or_sees_what_is_not_his(town: tuple[World, dict[str, str]], name: str):
    world, ids = town
    row = ROWS[name]
    path = row.path.format(**ids)
    if not row.public:
        for stranger in (None, "nobody"):
            answer = await world.ask(stranger, row.method, path, row.content, **row.headers)
            assert answer.status_code == 401, stranger
            assert not leaks(answer)
    for who in sorted(EVERYBODY, key=lambda one: (one in row.may, one == OWN)):  # first those who may not
        answer = await world.ask(who, row.method, path, row.content, **row.headers)
        if not row.public:
            assert _refused(answer) == (who not in row.may), (who, answer.status_code, answer.text[:200])
        if who not in (row.may if row.sees is None else row.sees):
            assert not leaks(answer), who
        elif name in ("show_visit", "list_visits"):
            assert leaks(answer), who  # the control: there is something to be seen


async def test_who_asks_is_looked_at_before_what_he_sends(small_world: World):
    world, ids = await settled(small_world)
    for name, row in ROWS.items():
        takes = OPERATIONS[name][2].get("requestBody", {}).get("content", {})
        if row.public or "application/json" not in takes:
            continue
        path = row.path.format(**ids)
        for stranger in (None, "nobody"):
            assert (await world.ask(stranger, row.method, path, b"{", **row.headers)).status_code == 401, name
        if name in (
            "give_up_evidence",
            "change_password",
        ):  # whose right it is hangs on the record, and on the password
            continue
        without = [who for of in (TECHNICIANS, DISPATCHERS, SUPERVISORS, {ADMIN}) if not of & row.may for who in of]
        for who in without:
            assert (await world.ask(who, row.method, path, b"{", **row.headers)).status_code == 403, (name, who)
        who = min(row.may)
        assert (await world.ask(who, row.method, path, b"{", **row.headers)).status_code == 400, name  # the control
        assert without


def _refused(answer: httpx.Response) -> bool:
    return answer.status_code in (401, 403, 404) or "unknown-person" in answer.text


OTHERS: dict[str, Callable[[World], Any]] = {
    "people": lambda world: world.ask(SUPER_FAR, "GET", "/v1/people"),
    "devices": lambda world: world.ask(SUPER_FAR, "GET", "/v1/devices"),
    "quarantine": lambda world: world.ask(SUPER_FAR, "GET", "/v1/quarantine"),
    "devices of a colleague": lambda world: world.ask(SAME, "GET", "/v1/devices"),
}


@pytest.mark.parametrize("what", OTHERS)
async def test_lists_hold_nothing_of_a_foreign_area(town: tuple[World, dict[str, str]], what: str):
    world, ids = town
    answer = await OTHERS[what](world)
    assert answer.status_code == 200
    listed = answer.text
    assert not any(secret in listed for secret in (*ids.values(), '"li"', "李"))
