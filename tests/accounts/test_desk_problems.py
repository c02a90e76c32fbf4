"""Whatever goes wrong at an address of the desk, the answer is a page of the desk; over the API it is JSON."""

import httpx
import pytest

from service.reviews import queue_page
from service.web.page_paths import is_desk
from tests.support.api_client import World, problem
from tests.support.browser import later
from tests.support.desk import DeskBrowser, signed_in
from tests.support.desk_routes import desk_routes
from tests.support.factories import uid

ROUTES = desk_routes()
NOWHERE = (
    "/desk/nowhere",
    "/desk/visits/not-a-uuid",
    "/desk/people/li/nothing",
    "/sign-in/x",
    "/account",
)
STRANGE = {"visit_id": uid("none"), "input_id": uid("none"), "device_id": uid("none"), "login": "none"}
STRANGE |= {"hold_id": uid("none"), "account_hold_id": uid("none"), "event_id": uid("none"), "receiver": "nobody"}
FOR_EVERYBODY = ("POST /sign-out", "POST /desk/account/sign-out-everywhere")
IDS = STRANGE | {"checklist_id": "none", "version": "9"}


def assert_page(answer: httpx.Response, language: str = "zh", *, signed_in: bool = True) -> None:
    """A page of the desk in one language, with a way on."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text[:200]
    assert "/web/desk/desk" in answer.text, "not in the frame of the desk"
    assert ('aria-label="主导航"' in answer.text or 'aria-label="Main navigation"' in answer.text) == signed_in
    assert f'<a class="button" href="{"/desk" if signed_in else "/sign-in"}"' in answer.text
    sentence = answer.text.partition('<div class="trouble" role="alert">')[2].strip().partition("</p>")[0]
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in sentence)
    assert chinese == (language == "zh"), sentence


@pytest.fixture
async def wang(sqlite_world: World) -> DeskBrowser:
    return await signed_in(sqlite_world, "wang")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_an_unknown_address_is_a_page_of_the_desk(wang: DeskBrowser, language: str) -> None:
    for path in NOWHERE:
        answer = await wang.get(path, accept_language=language)
        assert answer.status_code == 404, path
        assert_page(answer, language)
    answer = await wang.ask("DELETE", "/desk/queue", accept_language=language)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})
    assert_page(answer, language)


async def test_who_is_not_signed_in_is_led_to_the_page_to_sign_in(sqlite_world: World) -> None:
    nobody = DeskBrowser(sqlite_world)
    for path in ("/desk/nowhere", "/desk/queue?after=x", "/desk/queue?nonsense=1"):
        answer = await nobody.get(path)
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next="), path
    for path in NOWHERE[3:]:
        answer = await nobody.get(path)
        assert answer.status_code == 404, path
        assert_page(answer, signed_in=False)


async def test_whose_session_has_ended_is_led_to_the_page_to_sign_in(wang: DeskBrowser) -> None:
    assert (await wang.get("/desk/people")).status_code == 200
    later(wang.world, minutes=31)
    for path in ("/desk", "/desk/people/li", "/desk/nowhere", "/desk/queue?nonsense=1"):
        answer = await wang.get(path)
        assert (answer.status_code, answer.headers.get("location", "")[:14]) == (303, "/sign-in?next="), path
    form = await wang.post("/desk/account/tokens/end", {}, referer="https://doorstep.test/desk/account")
    assert (form.status_code, form.headers["location"]) == (303, "/sign-in?next=/desk/account&unsaved=1")
    assert_page(await wang.get("/sign-in/x"), signed_in=False)


@pytest.mark.parametrize("path", ["/desk/%71ueue", "/desk%2fqueue"])
async def test_a_path_in_disguise_is_a_page_too(wang: DeskBrowser, path: str) -> None:
    answer = await wang.get(path)
    assert answer.status_code == 404
    assert_page(answer, signed_in=False)


async def test_a_bad_query_is_a_page_of_the_desk(wang: DeskBrowser) -> None:
    ids = IDS | {"login": "li", "checklist_id": "onsite", "version": "1"}
    for name, route in ROUTES.items():
        if route.method != "GET":
            continue
        answer = await wang.get(f"{route.at(ids)}?{'a&' * 60}")
        assert answer.status_code == 400, name
        assert_page(answer)
        for parameter in route.query:
            for value in ("\0", "x" * 3000, "2026-02-30", "!"):
                answer = await wang.get(str(httpx.URL(route.at(ids), params={parameter: value})))
                assert answer.status_code < 500, (name, parameter, value)
                assert "text/html" in answer.headers.get("content-type", "text/html"), (name, parameter, value)
                assert answer.status_code == 400 or value != "\0", (name, parameter)
                if answer.status_code >= 400 and not name.startswith("GET /sign-in/"):  # those show the page to sign in
                    assert_page(answer)


async def test_a_refused_action_is_a_page_of_the_desk(sqlite_world: World) -> None:
    li = await signed_in(sqlite_world, "li")
    actions = [route for route in ROUTES.values() if route.method == "POST" and route.name not in FOR_EVERYBODY]
    for route in actions:
        answer = await li.post(route.at(IDS), {})
        assert answer.status_code >= 400, (route.name, answer.text)
        assert "text/html" in answer.headers["content-type"], route.name
        assert "/web/desk/desk" in answer.text, route.name


@pytest.mark.parametrize("path", ["/desk/queue?after=x", "/desk/duties?area=nowhere", "/desk/today?date=2026-02-30"])
async def test_what_a_person_mistypes_in_a_list_is_explained(wang: DeskBrowser, path: str) -> None:
    answer = await wang.get(path)
    assert answer.status_code in (400, 403), answer.text
    assert_page(answer)


async def test_a_defect_is_a_page_too_and_shows_nothing_of_itself(
    wang: DeskBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(queue_page, "load_queue", broken)
    answer = await wang.get("/desk/queue")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert_page(answer)


async def test_the_api_answers_in_json(sqlite_world: World) -> None:
    assert problem(await sqlite_world.ask("wang", "GET", "/v1/nowhere")) == (404, "not-found")
    assert problem(await sqlite_world.ask("wang", "GET", "/v1/reviews?after=x"))[0] == 400
    assert problem(await sqlite_world.ask(None, "GET", "/v1/desk/nowhere")) == (404, "not-found")


def test_the_desk_is_what_is_below_its_addresses() -> None:
    assert [path for path in ("/desk", "/desk/x", "/sign-in", "/deskside", "/v1/desk", "/") if is_desk(path)] == [
        "/desk",
        "/desk/x",
        "/sign-in",
    ]
