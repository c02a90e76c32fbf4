"""Generators make whole clients of the committed document: nothing is lost, and the Python client really works."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support import nodejs
from tests.support.factories import a_plan, a_record, said, uid
from tests.support.openapi_document import DOCUMENT, JSON, OPERATIONS
from tests.support.pictures import name, picture
from tests.support.running import Running, hired, running

FOLDER = Path(__file__).parents[2] / "openapi"
SCHEMAS = DOCUMENT["components"]["schemas"]
PACKAGE = "generated_doorstep_client"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The models of the Python client, which is importable."""
    folder = tmp_path_factory.mktemp("client")
    generate = (
        *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", FOLDER / "openapi.json", "--config", FOLDER / "python-client.yml"),
        *("--output-path", folder / PACKAGE),
    )
    done = subprocess.run(generate, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield import_module(f"{PACKAGE}.models")
    sys.path.remove(str(folder))
    for module in [one for one in sys.modules if one.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


def operation(operation_id: str) -> ModuleType:
    """The module of an operation."""
    (tag,) = OPERATIONS[operation_id][2]["tags"]
    return import_module(f"{PACKAGE}.api.{tag}.{operation_id}")


def test_the_python_client_has_every_operation_and_a_model_of_every_schema(models: ModuleType) -> None:
    for operation_id in OPERATIONS:
        assert operation(operation_id).sync_detailed, operation_id
    for schema_name, schema in SCHEMAS.items():
        if schema.get("type") == "object":
            model = getattr(models, schema_name)
            missing = set(schema["properties"]) - {python.removesuffix("_") for python in model.__annotations__}
            assert not missing, (schema_name, missing)


def test_its_models_keep_the_examples_of_bodies_and_answers_as_they_are(models: ModuleType) -> None:
    kept = 0
    for operation_id, (_, _, described) in OPERATIONS.items():
        for place in (described.get("requestBody", {}), *described["responses"].values()):
            content = place.get("content", {}).get(JSON, {})
            if "example" in content and "$ref" in content["schema"]:
                model = getattr(models, content["schema"]["$ref"].rpartition("/")[2])
                assert model.from_dict(content["example"]).to_dict() == content["example"], operation_id
                kept += 1
    assert kept > 30


def test_it_works_with_a_server(models: ModuleType, tmp_path: Path) -> None:
    def client(server: Running, who: dict[str, str]) -> Any:
        token = who["authorization"].removeprefix("Bearer ")
        return import_module(PACKAGE).AuthenticatedClient(server.address, token)

    dispatcher, technician = hired(tmp_path, "zhao", "dispatcher"), hired(tmp_path, "li", "technician")
    types, visit, photo = import_module(f"{PACKAGE}.types"), uid("visit"), picture()
    with running(tmp_path) as server, client(server, dispatcher) as zhao, client(server, technician) as li:
        assert operation("me").sync(client=li).login == "li"
        unknown = operation("show_visit").sync_detailed(visit, client=zhao)
        assert (unknown.status_code, unknown.parsed.code) == (404, "not-found")
        planned = operation("plan_visit").sync(visit, client=zhao, body=models.Plan.from_dict(a_plan()))
        assert planned.id == str(visit)
        record = models.Record.from_dict(json.loads(a_record("record", visit, said("09:12", "arrived"))))
        assert operation("submit_record").sync(record.id, client=li, body=record).record == str(record.id)
        assert operation("show_body").sync(record.id, client=li) == record
        file = types.File(BytesIO(photo))
        assert operation("attach_evidence").sync_detailed(name(photo), client=li, body=file).status_code == 201
        address = operation("open_calendar").sync(client=li).url
        feed = operation("show_calendar").sync(address.rpartition("/")[2], client=li)
        assert feed.startswith("BEGIN:VCALENDAR")


async def test_the_types_for_typescript_have_every_operation_and_every_schema() -> None:
    """Version 6 of openapi-typescript, the last that works without the 9 MB of the TypeScript compiler."""
    found = await nodejs.run("openapi-types.cjs", str(FOLDER / "openapi.json"))
    assert sorted(found["operations"]) == sorted(OPERATIONS)
    assert sorted(found["schemas"]) == sorted(SCHEMAS)
