"""HTTP as RFC 9110 has it, at every address of the document; tus as version 1.0.0 has it."""

import gzip
import re
from base64 import b64encode
from hashlib import sha1

import pytest

from tests.support.api_client import VISIT, World
from tests.support.factories import a_plan, encode, uid
from tests.support.openapi_document import DOCUMENT
from tests.support.pictures import name as name_of
from tests.support.pictures import picture

PATHS = sorted(DOCUMENT["paths"])
PAGES = ["/", "/sign-in", "/docs", "/docs/openapi.json", "/desk", "/c/x", "/enrol", "/phone"]
PHOTO = picture(7)
TUS = {"tus_resumable": "1.0.0"}
PART = {**TUS, "content_type": "application/offset+octet-stream"}
META = f"sha256 {b64encode(name_of(PHOTO).encode()).decode()}"


@pytest.fixture
def engine() -> str:
    """Nothing of this depends on the database."""
    return "sqlite"


def address(path: str) -> str:
    path = path.replace("{visit_id}", str(VISIT)).replace("{sha256}", "0" * 64)
    return re.sub(r"\{\w+_id\}|\{upload_id\}", str(uid("other")), re.sub(r"\{(?!\w+_id)\w+\}", "x", path))


async def test_every_address_says_its_methods(world: World) -> None:
    """9.3.7 and 15.5.6: Allow in the answer to OPTIONS, and in each 405; 9.1: HEAD wherever there is GET."""
    for path in PATHS:
        ways = {method.upper() for method in DOCUMENT["paths"][path]} | {"OPTIONS"}
        ways |= {"HEAD"} if "GET" in ways else set()
        for method in ("OPTIONS", "TRACE"):
            answer = await world.ask("zhao", method, address(path))
            if path.startswith("/v1/uploads") and method == "OPTIONS":
                assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")
                continue
            assert answer.status_code == (204 if method == "OPTIONS" else 405), (method, path)
            assert set(answer.headers["allow"].split(", ")) >= ways, (method, path)
            assert method == "TRACE" or answer.content == b""


@pytest.mark.parametrize("path", [*(path for path in PATHS if "get" in DOCUMENT["paths"][path]), *PAGES])
async def test_head_is_get_without_the_body(world: World, path: str) -> None:
    await world.plan()
    for who in ("zhao", None):
        head, get = [await world.ask(who, method, address(path)) for method in ("HEAD", "GET")]
        assert (head.status_code, head.content) == (get.status_code, b""), path
        ours = ("content-type", "content-length", "etag", "cache-control", "vary", "location", "www-authenticate")
        assert [head.headers.get(name) for name in ours] == [get.headers.get(name) for name in ours], path


async def test_what_nobody_has_is_not_found_by_any_method(world: World) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        assert (await world.ask("zhao", method, "/v1/nothing")).status_code == 404


async def test_no_token_is_told_how_to_send_one(world: World) -> None:
    for who in (None, "nobody"):
        answer = await world.ask(who, "GET", "/v1/me")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="doorstep"')


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/json; charset=gbk"}, 415),
        ({"content_type": "application/json; charset=UTF-8"}, 201),
        ({"content_type": "APPLICATION/JSON"}, 201),
        ({"content_encoding": "br"}, 415),
        ({"content_encoding": "gzip, gzip"}, 415),
        ({"content_encoding": "identity"}, 201),
        ({"content_encoding": "GZIP"}, 201),
        ({"expect": "100-continue"}, 201),
        ({"accept": "text/html"}, 201),
        ({"if_none_match": "*"}, 201),
    ],
)
async def test_what_is_sent(world: World, headers: dict[str, str], status: int) -> None:
    raw = encode(a_plan())
    raw = gzip.compress(raw) if headers.get("content_encoding") == "GZIP" else raw
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", raw, **headers)
    assert answer.status_code == status, answer.text
    if "content_encoding" in headers and status == 415:  # 15.5.16
        assert answer.headers["accept-encoding"] == "gzip"


async def test_conditional_requests(world: World) -> None:
    """13.1.2 and 15.4.5: lists, weak comparison, `*`; a 304 has what a 200 would say about caching."""
    path = "/v1/checklists/onsite/1"
    first = await world.ask("li", "GET", path)
    tag = first.headers["etag"]
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*", tag.replace("-gzip", "")):
        for method in ("GET", "HEAD"):
            again = await world.ask("li", method, path, if_none_match=header)
            assert (again.status_code, again.content) == (304, b""), header
            assert again.headers["cache-control"] == first.headers["cache-control"]
            assert "etag" in again.headers
            assert "accept-encoding" in again.headers["vary"]
    for header in ('"x"', tag.strip('"'), ""):
        assert (await world.ask("li", "GET", path, if_none_match=header)).status_code == 200
    plain = await world.ask("li", "GET", path, accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != tag  # 8.8.3.3: another representation has another strong tag
    whole = await world.ask("li", "GET", path, range="bytes=0-9")  # 14.2: a server may ignore Range
    assert (whole.status_code, whole.content) == (200, first.content)


async def begun(world: World) -> str:
    answer = await world.ask("li", "POST", "/v1/uploads", **TUS, upload_length=str(len(PHOTO)), upload_metadata=META)
    assert (answer.status_code, answer.headers["tus-resumable"]) == (201, "1.0.0")
    return answer.headers["location"]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("HEAD", {}, 412),
        ("HEAD", {"tus_resumable": "0.2.2"}, 412),
        ("HEAD", TUS, 200),
        ("PATCH", {**PART, "upload_offset": "5"}, 409),
        ("PATCH", PART, 400),
        ("PATCH", {**PART, "upload_offset": "-1"}, 400),
        ("PATCH", {**PART, "upload_offset": "0", "content_type": "image/jpeg"}, 415),
        ("PATCH", {**PART, "upload_offset": "0", "content_encoding": "gzip"}, 415),
        ("PATCH", {**PART, "upload_offset": "0", "upload_checksum": "crc32 AAAA"}, 400),
        ("PATCH", {**PART, "upload_offset": "0", "upload_checksum": f"sha1 {b64encode(bytes(20)).decode()}"}, 460),
        ("PATCH", {**PART, "upload_offset": "0"}, 204),
        ("POST", {**PART, "upload_offset": "0", "x_http_method_override": "PATCH"}, 204),
        ("POST", {**TUS, "x_http_method_override": "DELETE"}, 204),
        ("POST", TUS, 405),
        ("GET", TUS, 405),
        ("DELETE", TUS, 204),
        ("DELETE", {}, 412),
    ],
)
async def test_tus(world: World, method: str, headers: dict[str, str], status: int) -> None:
    path = await begun(world)
    body = PHOTO[:10] if "upload_offset" in headers or headers is PART else None
    answer = await world.ask("li", method, path, body, **headers)
    assert answer.status_code == status
    assert answer.headers["tus-resumable"] == "1.0.0"
    if status == 412:
        assert answer.headers["tus-version"] == "1.0.0"
    gone = method == "DELETE" or headers.get("x_http_method_override") == "DELETE"
    after = await world.ask("li", "HEAD", path, **TUS)
    if gone and status == 204:
        assert after.status_code == 404
    else:
        assert after.headers["upload-offset"] == ("10" if status == 204 else "0")
        assert after.headers["upload-length"] == str(len(PHOTO))
        assert "no-store" in after.headers["cache-control"]


async def test_tus_to_the_end(world: World) -> None:
    path = await begun(world)
    checksum = f"sha1 {b64encode(sha1(PHOTO, usedforsecurity=False).digest()).decode()}"
    done = await world.ask("li", "PATCH", path, PHOTO, **PART, upload_offset="0", upload_checksum=checksum)
    assert (done.status_code, done.headers["upload-offset"]) == (204, str(len(PHOTO)))
    assert "GMT" in done.headers["upload-expires"]
    assert (await world.ask("li", "PATCH", path, b"x", **PART, upload_offset=str(len(PHOTO)))).status_code == 409
    tells = await world.ask(None, "OPTIONS", "/v1/uploads")
    assert set(tells.headers["tus-extension"].split(",")) == {"creation", "checksum", "termination", "expiration"}
    assert {"sha1"} <= set(tells.headers["tus-checksum-algorithm"].split(","))
    for more in ({"upload_defer_length": "1"}, {"upload_length": "x"}, {"upload_length": "0"}):
        answer = await world.ask("li", "POST", "/v1/uploads", **TUS, upload_metadata=META, **more)
        assert answer.status_code == 400
    large = str(int(tells.headers["tus-max-size"]) + 1)
    answer = await world.ask("li", "POST", "/v1/uploads", **TUS, upload_metadata=META, upload_length=large)
    assert answer.status_code == 413
