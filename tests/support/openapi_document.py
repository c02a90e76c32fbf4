"""The OpenAPI document: its operations and their request bodies."""

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
    """The operations whose request body has this type."""
    return [name for name, (*_, one) in OPERATIONS.items() if kind in one.get("requestBody", {}).get("content", {})]


def resolve_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Resolve a schema that may be a reference."""
    return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
