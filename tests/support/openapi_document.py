"""The OpenAPI document: which operations there are, and what they take."""

import json
from pathlib import Path
from typing import Any

DOCUMENT = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_bytes())
OPERATIONS = {
    operation["operationId"]: (path, method.upper(), operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
JSON = "application/json"


def operations_taking(kind: str) -> list[str]:
    """The operations that take a body of this kind."""
    return [name for name, (*_, one) in OPERATIONS.items() if kind in one.get("requestBody", {}).get("content", {})]


def resolve_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, looked up where it only names one."""
    return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
