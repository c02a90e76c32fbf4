"""Which photos, refusals, waivers and typed answers are valid."""

import msgspec

from .checklist import Field
from .entries import AwareDatetime, Entry
from .rules import CompiledItem
from .timeline import is_blank


def has_photo(entry: Entry) -> bool:
    """Whether its evidence includes a photo."""
    return any(piece.kind == "photo" and piece.sha256 is not None and not piece.lost for piece in entry.evidence)


def is_valid_refusal(entry: Entry) -> bool:
    """A refusal needs a reason, and a photo if the technician wrote it."""
    if entry.refused is None or is_blank(entry.refused.reason):
        return False
    return entry.by == "customer" or (entry.by == "technician" and has_photo(entry))


def is_valid_waiver(rule: CompiledItem, entry: Entry) -> bool:
    """A waiver needs a reason and is written by somebody who may give it; the technician may write the customer's."""
    waived = entry.waived
    if waived is None or is_blank(waived.reason) or waived.by not in rule.item.waiver.by:
        return False
    return entry.by == waived.by or (waived.by == "customer" and entry.by == "technician")


def is_valid_answer(field: Field, value: object) -> bool:
    """Whether a typed answer has the field's type and is within its bounds."""
    if field.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (field.min is None or value >= field.min) and (field.max is None or value <= field.max)
    if not isinstance(value, str):
        return False
    if field.type == "choice":
        return any(value == choice.id for choice in field.choices)
    if field.type == "time":
        try:
            msgspec.convert(value, AwareDatetime)
        except msgspec.ValidationError:
            return False
    return True
