"""The plan of a visit: what a dispatcher writes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.field_kinds import (
    AddressText,
    Cleaned,
    Crew,
    IdentifierText,
    LineText,
    LoginText,
    LongText,
    NameText,
    PhoneText,
    WorkText,
)
from service.judge.bounds import CodeText, ShortText
from service.judge.checklist import VisitType
from service.judge.visit import Dates, Facts, Window, check_due_dates, check_window

EXEMPT = "appointment_exempt"
"""The fact that no appointment is needed."""


def is_exempt(kind: VisitType | None) -> bool:
    """Whether visits of a type need no appointment, by the checklist."""
    return kind is not None and kind.appointment == "exempt"


class Customer(Cleaned, frozen=True, omit_defaults=True):
    """The customer of a visit. `account` is the number on the bill (户号)."""

    name: Annotated[NameText, Meta(description="The name.")]
    phone: Annotated[PhoneText, Meta(description="The telephone number.")] = ""
    address: Annotated[AddressText, Meta(description="The address of the visit.")] = ""
    account: Annotated[IdentifierText, Meta(description="The number on the bill (户号).")] = ""
    place: Annotated[AddressText | None, Meta(description="Where at the address, such as a floor.")] = None
    organisation: Annotated[LineText | None, Meta(description="The company or authority.")] = None


class Work(Cleaned, frozen=True, omit_defaults=True):
    """What will be done, and where: the customer is to be informed of both (4.3.1)."""

    content: Annotated[WorkText, Meta(description="What will be done.")]
    place: Annotated[AddressText, Meta(description="Where, such as the kitchen.")] = ""


class Plan(Cleaned, msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a dispatcher sends to create a visit. `technician` is a login, `follows` the visit that it continues."""

    type: Annotated[CodeText, Meta(description="A type of visit of the checklist.")]
    technician: Annotated[LoginText, Meta(description="Login of the technician.")]
    customer: Annotated[Customer, Meta(description="The customer.")]
    work: Annotated[Work, Meta(description="What will be done.")]
    window: Annotated[
        Window | None,
        Meta(
            description="The agreed time; it may be left out with `assigned.appointment_exempt`, and where the"
            " checklist's `visit_types` have `appointment: exempt` for the type: then the visit gets that fact and"
            " a reason."
        ),
    ] = None
    crew: Annotated[Crew, Meta(description="Logins of the crew.")] = ()
    area: Annotated[LineText | None, Meta(description="The area (片区); without it, the technician's.")] = None
    assigned: Annotated[Facts, Meta(description="Facts of the checklist that are known when it is planned.")] = {}
    exempt_reason: Annotated[LongText | None, Meta(description="Why no appointment is needed.")] = None
    policies: Annotated[Facts, Meta(description="Policies of the checklist, switched on or off.")] = {}
    due: Annotated[Dates, Meta(description="By item or `item[thing]`: when a duty is to be done.")] = {}
    inspectors: Annotated[Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="Number of inspectors.")] = None
    external_ref: Annotated[IdentifierText | None, Meta(description="The work order number.")] = None
    follows: Annotated[ShortText | None, Meta(description="The id of the visit that this one continues.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_window("window", self.window)
        check_due_dates("due", self.due)
