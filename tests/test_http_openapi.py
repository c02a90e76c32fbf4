"""The OpenAPI document: as committed, valid, and true of the routes."""

import json
from pathlib import Path

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.app import litestar
from service.domain.errors import catalogue
from service.http import openapi

COMMITTED = Path(__file__).parents[1] / "openapi" / "openapi.json"


def operations():
    for path, methods in openapi.document(litestar())["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_committed_document_is_the_one_of_the_code():
    assert COMMITTED.read_text("utf-8") == openapi.text(litestar()), "run scripts/openapi"


def test_it_is_valid_openapi_3_1():
    OpenAPIV31SpecValidator(json.loads(COMMITTED.read_bytes())).validate()


def test_every_route_says_what_it_does():
    for route in litestar().routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            assert isinstance(handler, HTTPRouteHandler)
            assert "says" in handler.opt or handler.http_methods == {"OPTIONS"}


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
    known = {(one.code, one.status) for one in catalogue()}
    assert told <= known
    assert known - told == {("method-not-allowed", 405)}  # no operation answers it: there is none


def test_operations_that_need_a_person_say_401():
    for name, operation in operations():
        assert ("401" in operation["responses"]) == (operation.get("security") != []), name
