"""The OpenAPI document is Litestar's, from the handlers' types; the schemas of Structs are msgspec's own.

msgspec knows every bound of its types; Litestar's schemas of Structs lose those inside lists and unions.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import msgspec
from litestar import Router
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin
from litestar.openapi.spec import (
    Components,
    License,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from service.errors import (
    BodyTooLarge,
    CrossOriginRejected,
    DeviceRevoked,
    InternalError,
    InvalidBody,
    InvalidQuery,
    MalformedJson,
    NotAuthenticated,
    PermissionDenied,
    Problem,
    ServiceUnavailable,
    StorageFailed,
    StorageFull,
    TooManyRequests,
    WrongMediaType,
)

from .problems import ProblemDetails
from .request import AnyRequest

_REF = "#/components/schemas/{name}"
PUBLIC: list[dict[str, list[str]]] = [{}]
"""`security` of an operation that asks for no token."""
PUBLIC_BYTES = 8192
"""Bytes of a body that is read of somebody without a token; a controller's `request_max_body_size` may say more."""


COMMON_ERRORS: tuple[type[Problem], ...] = (
    InvalidQuery,
    InternalError,
    ServiceUnavailable,
    StorageFailed,
    TooManyRequests,
)
READ_ERRORS: tuple[type[Problem], ...] = (*COMMON_ERRORS, NotAuthenticated, DeviceRevoked, PermissionDenied)
CHANGE_ERRORS: tuple[type[Problem], ...] = (*READ_ERRORS, CrossOriginRejected, StorageFull)
_BODIES: tuple[type[Problem], ...] = (BodyTooLarge, WrongMediaType, MalformedJson, InvalidBody)
WRITE_ERRORS: tuple[type[Problem], ...] = (*CHANGE_ERRORS, *_BODIES)
PUBLIC_ERRORS: tuple[type[Problem], ...] = (*COMMON_ERRORS, CrossOriginRejected, StorageFull, *_BODIES)
"""Problems of who asks nothing but to look, who changes something, also with a body, and who has no token yet."""


class ProblemResponse:
    """The base of types that stand for problems with certain codes."""

    codes: ClassVar[tuple[str, ...]] = ()


def problems(*kinds: type[Problem]) -> dict[int, ResponseSpec]:
    """`responses` of an operation: its problems by status, with their codes, because clients act by them."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in sorted(dict.fromkeys(kinds), key=lambda one: (one.status, one.code)):
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: ResponseSpec(
            type("ProblemResponse", (ProblemResponse,), {"codes": tuple(problem.code for problem in some)}),
            generate_examples=False,
            description="; ".join(f"{problem.code}: {problem.title_en}" for problem in some),
            media_type="application/problem+json",
        )
        for status, some in by_status.items()
    }


def answer(shape: Any, description: str, media_type: str = "application/json") -> ResponseSpec:
    """Another answer of an operation than the usual one."""
    return ResponseSpec(shape, generate_examples=False, description=description, media_type=media_type)


def pages(*statuses: int) -> dict[int, ResponseSpec]:
    """`responses` of an operation that answers with a page for people."""
    return {status: answer(str, "A page for people, in Chinese or English.", "text/html") for status in statuses}


CARD_PHOTO = {200: answer(bytes, "At most 480 pixels.", "image/jpeg")}


def form_operation(description: str) -> type[Operation]:
    """`operation_class` of an operation that reads a form itself: the document is told what is in it."""

    @dataclass
    class FormOperation(Operation):
        def __post_init__(self) -> None:
            content = OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT, description=description))
            self.request_body = RequestBody(content={"application/x-www-form-urlencoded": content}, required=True)

    return FormOperation


def bytes_body(media_type: str, description: str) -> RequestBody:
    """A body that the handler reads itself: for an `operation_class`."""
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description=description)
    return RequestBody(content={media_type: OpenAPIMediaType(schema=schema)}, required=True)


@dataclass
class ApiOperation(Operation):
    """`operation_class` for what Litestar's types cannot say: `Response[None]` has no content, and a header whose
    default is "" is required: where it lacks, the handler has a problem of its own to answer."""

    def __post_init__(self) -> None:
        """Describe it."""
        for one in self.parameters or ():
            if isinstance(one, Parameter) and isinstance(one.schema, Schema) and one.schema.default == "":
                one.required, one.schema.default = True, None
        for response in (self.responses or {}).values():
            if not isinstance(response, OpenAPIResponse):
                continue
            response.headers = dict(sorted((response.headers or {}).items()))  # they come from a set
            schemas = [one.schema for one in (response.content or {}).values()]
            if all(isinstance(one, Schema) and one.type == OpenAPIType.NULL for one in schemas):
                response.content = None


def example(body: Any = None, answer: Any = None, *, limit: int = PUBLIC_BYTES) -> type[Operation]:
    """`operation_class` of an operation that shows an example of its body and of what it answers. `limit`: how many
    bytes it reads of somebody without a token."""

    @dataclass
    class OperationWithExample(ApiOperation):
        def __post_init__(self) -> None:
            super().__post_init__()
            if body is not None and isinstance(self.request_body, RequestBody):
                _show(self.request_body, body)
                if self.security == PUBLIC:
                    self.request_body.description = f"At most {limit} bytes, not packed."
            for status, response in (self.responses or {}).items():
                if answer is not None and status.startswith("2") and isinstance(response, OpenAPIResponse):
                    _show(response, answer)

    return OperationWithExample


@dataclass
class _MediaTypeWithExample(OpenAPIMediaType):
    """Litestar leaves every `null` out of an example."""

    def to_schema(self) -> dict[str, Any]:
        return super().to_schema() | {"example": self.example}


def _show(place: RequestBody | OpenAPIResponse, value: Any) -> None:
    shown = msgspec.json.decode(msgspec.json.encode(value))
    content = {
        kind: _MediaTypeWithExample(schema=one.schema, example=shown) for kind, one in (place.content or {}).items()
    }
    place.content = cast("dict[str, OpenAPIMediaType]", content)


class ProblemSchemas(OpenAPISchemaPlugin):
    """`ProblemDetails` with the codes that an operation can answer."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Whether it stands for problems."""
        return isinstance(value, type) and issubclass(value, ProblemResponse)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """The schema."""
        schema_creator.for_field_definition(FieldDefinition.from_annotation(ProblemDetails))
        kind = cast("type[ProblemResponse]", field_definition.annotation)
        return Schema(
            all_of=[
                Reference(ref=_REF.format(name=ProblemDetails.__name__)),
                Schema(properties={"code": Schema(enum=list(kind.codes))}),
            ]
        )


class BytesSchemas(OpenAPISchemaPlugin):
    """Bytes are `format: binary`, which tells generated clients that they are not text."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Whether it is bytes."""
        return value is bytes

    def to_openapi_schema(self, *_: Any, **__: Any) -> Schema:
        """The schema."""
        return Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)


class StructSchemas(OpenAPISchemaPlugin):
    """Schemas of Structs as msgspec makes them: with every bound, and the docstring as description."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is a Struct, or a mapping with bounds."""
        if field_definition.is_mapping:
            return any(isinstance(one, msgspec.Meta) for one in field_definition.metadata)
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """The schema. Litestar is led through the fields, so that it finds the Structs that are referred to."""
        if field_definition.is_mapping:
            for inner in field_definition.inner_types:
                schema_creator.for_field_definition(inner)
            (found,), _ = msgspec.json.schema_components((field_definition.raw,), ref_template=_REF)
            return cast("Schema", _schema(found))
        hints = field_definition.get_type_hints(include_extras=True, resolve_generics=True)
        schema: Schema = schema_creator.create_component_schema(
            field_definition,
            required=[],
            property_fields={name: FieldDefinition.from_annotation(hint) for name, hint in hints.items()},
        )
        _, components = msgspec.json.schema_components((field_definition.annotation,), ref_template=_REF)
        made = _schema(components[str(schema.title)])
        for name in Schema.__dataclass_fields__:
            setattr(schema, name, getattr(made, name))
        return schema


@dataclass
class _Reference(Reference):
    """A field's Struct may have a default beside it."""

    default: Any = None


def _schema(json: dict[str, Any]) -> Any:
    """A JSON schema as Litestar's class."""
    if "$ref" in json:
        return _Reference(**{"ref" if name == "$ref" else name: value for name, value in json.items()})
    names = Schema.field_aliases()
    schema = Schema()
    for key, value in json.items():
        if key == "items" and value is False:
            continue  # of a tuple: `maxItems` says the same, and openapi-python-client cannot read `false`
        if key in _MAPS:
            value = {name: _schema(one) for name, one in value.items()}  # noqa: PLW2901
        elif key in _LISTS:
            value = [_schema(one) for one in value]  # noqa: PLW2901
        elif key in _SCHEMAS and isinstance(value, dict):
            value = _schema(value)  # noqa: PLW2901
        setattr(schema, names.get(key, key), value)
    return schema


_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Swagger UI is started by an inline script; it gets nothing from elsewhere, and no other page has this policy."""
_MAPS, _LISTS, _SCHEMAS = ("properties",), ("allOf", "anyOf", "oneOf", "prefixItems"), ("items", "additionalProperties")


def tidied(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what Litestar says of parameters that is no help: defaults, and `null` where one may be
    left out (nobody can send null in a query or a header)."""
    for methods in document["paths"].values():
        for operation in methods.values():
            if operation.get("security") == PUBLIC:
                operation["security"] = []  # Litestar takes an empty list for nothing said
            for parameter in operation.get("parameters", ()):
                for name in ("allowEmptyValue", "allowReserved", "deprecated"):
                    if parameter.get(name) is False:
                        del parameter[name]
                parameter["schema"] = _without_null(parameter["schema"])
    return document


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    choices = [one for one in schema.get("oneOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        schema = {**choices[0], **{name: value for name, value in schema.items() if name != "oneOf"}}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        schema["type"] = next(one for one in cast("list[str]", kinds) if one != "null")
    if "enum" in schema:
        schema["enum"] = [one for one in schema["enum"] if one is not None]
    return schema


class SwaggerPage(SwaggerRenderPlugin):
    """The page that shows the document, with everything from this server."""

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        return super().render(request, tidied(openapi_schema))


class JsonDocument(JsonRenderPlugin):
    """The document itself."""

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        """The document."""
        return super().render(request, tidied(openapi_schema))


def openapi_config() -> OpenAPIConfig:
    """The document, served at `/docs/openapi.json`, and the page that shows it."""
    return OpenAPIConfig(
        title="Doorstep 上门",
        version="1",
        description="Records of visits at the customer's door, judged by section 4.3. Errors are RFC 9457.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, *_: handler.handler_name,
        openapi_router=Router(
            "/docs",
            route_handlers=[],
            include_in_schema=False,
            opt={"exclude_from_auth": True},
            response_headers={"content-security-policy": _DOCS_POLICY, "referrer-policy": "no-referrer"},
        ),
        render_plugins=[
            SwaggerPage(
                js_url="/web/vendor/swagger-ui-bundle.js",
                css_url="/web/vendor/swagger-ui.css",
                standalone_preset_js_url="/web/vendor/swagger-ui-standalone-preset.js",
                favicon="<link rel='icon' href='data:,'>",
                path="/",
            ),
            JsonDocument(),
        ],
        security=[{"bearer": []}, {"session": []}],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", description="An opaque token."),
                "session": SecurityScheme(
                    type="apiKey",
                    security_scheme_in="cookie",
                    name="__Host-doorstep",
                    description="A browser's session; what changes something needs X-CSRF-Token too.",
                ),
            }
        ),
    )
