"""Strict decoding of bodies: Litestar's own accepts "5" for 5 and answers 500 to invalid UTF-8."""

from collections.abc import Generator
from functools import cache
from typing import Any, TypeVar

import msgspec
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from service.readable_json import readable

from .decoding import decode_storable, decode_strict, require_storable_text
from .unknown_keys import require_known_keys

T = TypeVar("T")
_UNTYPED = msgspec.json.Decoder()


class StrictBody(AbstractDTO[T]):
    """`dto=StrictBody[Plan]` decodes the exact bytes into `data: Plan`. MalformedJson or InvalidBody, also for a key
    that a Plan does not have."""

    def __class_getitem__(cls, annotation: Any) -> Any:
        """Keep the bounds of the type, which Litestar would drop unless it is a Struct."""
        made = super().__class_getitem__(annotation)
        if not isinstance(annotation, TypeVar):
            made.model_type = annotation
        return made

    def decode_bytes(self, value: bytes) -> T:
        """Decode the body."""
        value = readable(value)
        require_storable_text(value)
        require_known_keys(self.model_type, decode_storable(_UNTYPED, value))
        return decode_strict(_decoder(self.model_type), value)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Nothing to prepare."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,  # noqa: ARG003
        handler_id: str,  # noqa: ARG003
        schema_creator: Any,
    ) -> Reference | Schema:
        """The Struct's own schema."""
        return schema_creator.for_field_definition(FieldDefinition.from_annotation(cls.model_type))

    @classmethod
    def generate_field_definitions(
        cls,
        model_type: type[Any],  # noqa: ARG003
    ) -> Generator[DTOFieldDefinition, None, None]:
        """No fields are renamed or left out."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:  # noqa: ARG003
        """No nested fields either."""
        return False


class TolerantBody(StrictBody[T]):
    """`dto=TolerantBody[NewDevice]`: as StrictBody, but unknown keys are ignored, because newer phones and programs of
    customers may send some."""

    def decode_bytes(self, value: bytes) -> T:
        """Decode the body."""
        return decode_strict(_decoder(self.model_type), readable(value))


class ExactBody(StrictBody[T]):
    """`dto=ExactBody[Record]` passes the exact bytes as `data`, documented as a Record."""

    def decode_bytes(self, value: bytes) -> Any:
        """The bytes unchanged."""
        return value


@cache
def _decoder(model_type: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(model_type)
