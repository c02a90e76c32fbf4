"""The plan of a visit: what a dispatcher writes."""

from typing import Annotated

import msgspec

from service.judge.bounds import AddressText, CodeText, LineText, LongText, ShortText
from service.judge.visit import Crew, Dates, Facts, Name, Window, check_due_dates, check_window


class Customer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom the visit is for. `account` is the number on the bill (户号)."""

    name: Name
    phone: ShortText = ""
    address: AddressText = ""
    account: ShortText = ""
    place: AddressText | None = None
    organisation: LineText | None = None


class Work(msgspec.Struct, frozen=True, omit_defaults=True):
    """What will be done, and where: two of the things 4.3.1 asks to tell."""

    content: LongText
    place: AddressText = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a dispatcher sends to create a visit. `technician` is a login, `follows` the visit that this one goes on."""

    type: CodeText
    technician: Name
    customer: Customer
    work: Work
    window: Window | None = None
    crew: Crew = ()
    area: LineText | None = None
    assigned: Facts = {}
    exempt_reason: LongText | None = None
    policies: Facts = {}
    due: Dates = {}
    inspectors: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    external_ref: ShortText | None = None
    follows: ShortText | None = None

    def __post_init__(self) -> None:
        check_window("window", self.window)
        check_due_dates("due", self.due)
