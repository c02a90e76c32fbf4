"""Bodies decoded strictly: Litestar's own decoding takes "5" for 5 and answers 500 to bad UTF-8."""

from collections.abc import Generator
from functools import cache
from typing import Any, TypeVar

import msgspec
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from .decoding import decode_strict

T = TypeVar("T")


class StrictBody(AbstractDTO[T]):
    """`dto=StrictBody[Plan]` makes `data: Plan` of the exact bytes. Problems: MalformedJson, InvalidBody."""

    def __class_getitem__(cls, annotation: Any) -> Any:
        """For one type, with its bounds: of what is no Struct Litestar would forget them."""
        made = super().__class_getitem__(annotation)
        if not isinstance(annotation, TypeVar):
            made.model_type = annotation
        return made

    def decode_bytes(self, value: bytes) -> T:
        """The Struct."""
        return decode_strict(_decoder(self.model_type), value)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Nothing is transferred from one model to another."""

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
        """No field is looked into."""
        return False


class ExactBody(StrictBody[T]):
    """`dto=ExactBody[Record]` makes `data` the exact bytes, described as a Record, for a feature that decodes them."""

    def decode_bytes(self, value: bytes) -> Any:
        """The bytes as they came."""
        return value


@cache
def _decoder(model_type: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(model_type)
