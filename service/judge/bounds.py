"""Bounds on texts, numbers and times in input.

As part of the types they are enforced while decoding and documented in OpenAPI. They are generous: only a faulty
program or an attack exceeds them. A record that does is put in quarantine.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

FIRST_YEAR, LAST_YEAR = 2000, 2100
YEARS = f"Expected a time in the years {FIRST_YEAR} to {LAST_YEAR}"
EXACT = 2**53  # doubles represent every integer up to here, so every JSON parser reads it exactly

CodeText = Annotated[str, Meta(max_length=100)]
"""An identifier: of an item, a fact, a field, a type, a kind or a version."""
LoginText = Annotated[str, Meta(max_length=64)]
PasswordText = Annotated[str, Meta(max_length=256)]  # at most 1,024 bytes
SecretText = Annotated[str, Meta(max_length=100)]  # a one-time code
ShortText = Annotated[str, Meta(max_length=100)]  # such as the number of a telephone, an account or a work order
LineText = Annotated[str, Meta(max_length=200)]
AddressText = Annotated[str, Meta(max_length=500)]
LongText = Annotated[str, Meta(max_length=2000)]
PassageText = Annotated[str, Meta(max_length=5000)]
ExactInt = Annotated[int, Meta(ge=-EXACT, le=EXACT)]
ExactFloat = Annotated[float, Meta(ge=-float(EXACT), le=float(EXACT))]


def check_time(path: str, time: datetime | None) -> None:
    """Raise ValueError, with the path as msgspec writes it, if the year is out of range.

    `Meta` cannot express this, so the Struct of each request body checks all its times. Derived times are not checked.
    """
    if time is not None and not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"{YEARS} - at `$.{path}`")
