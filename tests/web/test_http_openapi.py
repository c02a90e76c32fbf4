"""The OpenAPI document: as committed, valid, and true of the routes."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from service import openapi
from service.app import litestar
from service.errors import Problem
from tests.support.api_client import World, record
from tests.support.factories import uid
from tests.support.openapi_document import DOCUMENT
from tests.support.uploads import PHOTO, create_upload, send_part, upload_state

COMMITTED = Path(__file__).parents[2] / "openapi" / "openapi.json"


def operations():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_committed_document_is_the_one_of_the_code():
    assert COMMITTED.read_text("utf-8") == openapi.text(litestar()), "run scripts/openapi"


def test_it_is_valid_openapi_3_1():
    OpenAPIV31SpecValidator(json.loads(COMMITTED.read_bytes())).validate()


def test_every_operation_is_described():
    for name, operation in operations():
        assert operation["summary"], name
        assert operation["description"], name


def test_every_field_is_described():
    schemas = DOCUMENT["components"]["schemas"]
    missing = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, shape in schema.get("properties", {}).items()
        if "description" not in shape
    ]
    assert missing == []


def test_every_body_of_json_has_an_example_that_is_one():
    for name, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        assert "example" in content, name
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        Draft202012Validator(schema).validate(content["example"])


def test_no_name_of_a_module_is_in_the_document():
    assert "service_" not in COMMITTED.read_text("utf-8")
    assert "service." not in "".join(DOCUMENT["components"]["schemas"])


def test_every_operation_has_a_name_of_its_own():
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_code_is_in_the_catalogue_and_every_problem_can_happen_somewhere():
    told = set()
    for _, operation in operations():
        for status, response in operation["responses"].items():
            if "application/problem+json" in response.get("content", {}):
                schema = response["content"]["application/problem+json"]["schema"]
                codes = schema["allOf"][1]["properties"]["code"]["enum"]
                told |= {(code, int(status)) for code in codes}
    known = {(one.code, one.status) for one in Problem.__subclasses__()}
    assert told <= known
    before = {("method-not-allowed", 405), ("headers-too-large", 431), ("too-slow", 408)}
    in_rows = {("no-recipient", 422)}  # why `POST /v1/notices` skipped a visit
    by_command = {("held", 409), ("still-here", 409)}  # `doorstep erase`
    on_pages = {("provider-unavailable", 502), ("too-many-passkeys", 409)}  # to sign in, and of the account
    assert (
        known - told == before | in_rows | on_pages | by_command
    )  # no operation answers them: there is none, or not yet


def test_operations_that_need_a_person_say_401():
    for name, operation in operations():
        assert ("401" in operation["responses"]) == (operation.get("security") != []), name


def test_a_phone_programmer_finds_what_he_needs():
    schemas, paths = DOCUMENT["components"]["schemas"], DOCUMENT["paths"]
    kept = schemas["ProblemDetails"]["properties"]["quarantine"]
    assert (kept["type"], kept["format"]) == ("string", "uuid")
    assert "quarantine" not in schemas["ProblemDetails"]["required"]
    clock = schemas["Record"]["properties"]["device_clock"]
    assert set(clock["properties"]) == {"at", "tick", "session"}
    assert "device_clock" not in schemas["Record"]["required"]
    for shape, field in (("Record", "id"), ("Record", "visit"), ("Entry", "id")):
        assert schemas[shape]["properties"][field]["format"] == "uuid"
    answers = {
        ("/v1/uploads", "post", "201"): {"Tus-Resumable", "Location", "Upload-Expires"},
        ("/v1/uploads/{upload_id}", "head", "200"): {
            "Tus-Resumable",
            "Upload-Offset",
            "Upload-Length",
            "Upload-Expires",
        },
        ("/v1/uploads/{upload_id}", "patch", "204"): {"Tus-Resumable", "Upload-Offset", "Upload-Expires"},
    }
    for (path, method, status), headers in answers.items():
        assert set(paths[path][method]["responses"][status]["headers"]) == headers


async def test_the_headers_of_an_upload_are_those_that_the_document_names(small_world: World):
    paths = DOCUMENT["paths"]
    made = await create_upload(small_world)
    path = made.headers["location"]
    answers = {
        ("/v1/uploads", "options"): await small_world.ask(None, "OPTIONS", "/v1/uploads"),
        ("/v1/uploads", "post"): made,
        ("/v1/uploads/{upload_id}", "head"): await upload_state(small_world, path),
        ("/v1/uploads/{upload_id}", "patch"): await send_part(small_world, path, 0, PHOTO[:100]),
        ("/v1/uploads/{upload_id}", "delete"): await small_world.ask("li", "DELETE", path, tus_resumable="1.0.0"),
    }
    for (address, method), answer in answers.items():
        named = paths[address][method]["responses"][str(answer.status_code)]["headers"]
        told = {name for name in answer.headers if name.startswith(("tus-", "upload-")) or name == "location"}
        assert told == {name.lower() for name in named}, (address, method)


async def test_a_device_clock_is_kept_whatever_it_is(small_world: World):
    await small_world.plan()
    for number, clock in enumerate((None, {"at": "2026-03-02T09:00:00+08:00", "tick": 1, "session": "a"}, 7, "x", [])):
        sent = record(uid(f"{number}"), device_clock=clock)
        sent["entries"] = []
        assert (await small_world.submit(sent, uid(f"{number}"))).status_code == 201, clock
        assert (await small_world.ask("li", "GET", f"/v1/records/{uid(f'{number}')}/body")).json() == sent
