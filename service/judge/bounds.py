"""How long a text may be, and which numbers and times are taken.

These stand in the types of all that comes from outside, so that they are looked at on decoding, before anything
normalises, matches, shows or indexes it; and so that the OpenAPI document names them. They are wide: what goes beyond
them is no work of a person but a fault of a program, or an attack. A record that does is kept in quarantine.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

FIRST_YEAR, LAST_YEAR = 2000, 2100
YEARS = f"Expected a time in the years {FIRST_YEAR} to {LAST_YEAR}"
EXACT = 2**53  # up to here a double holds every whole number, and so does every reader of JSON

CodeText = Annotated[str, Meta(max_length=100)]
"""A name out of a checklist or a short list: an item, a fact, a field, a type, a kind, a version."""
LoginText = Annotated[str, Meta(max_length=64)]
PasswordText = Annotated[str, Meta(max_length=256)]  # at most 1,024 bytes
SecretText = Annotated[str, Meta(max_length=100)]  # a one-time code
ShortText = Annotated[str, Meta(max_length=100)]  # a number of a telephone, a bill, a work order; a session, an app
LineText = Annotated[str, Meta(max_length=200)]
AddressText = Annotated[str, Meta(max_length=500)]
LongText = Annotated[str, Meta(max_length=2000)]
PassageText = Annotated[str, Meta(max_length=5000)]
ExactInt = Annotated[int, Meta(ge=-EXACT, le=EXACT)]
ExactFloat = Annotated[float, Meta(ge=-float(EXACT), le=float(EXACT))]


def check_time(place: str, moment: datetime | None) -> None:
    """ValueError unless the time is one at which somebody may have worked here. It names the place as the decoder does.

    Types cannot say it, so the Struct of a whole body looks after all times in it. Those that are only worked out of
    others are looked at by nobody: in another offset they may be a few hours beyond.
    """
    if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{YEARS} - at `$.{place}`")
