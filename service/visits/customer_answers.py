"""What a customer sends by his link: answers, facts that he raises, a signature or why there is none, his own words."""

from typing import Annotated, Literal

import msgspec

from service.judge.bounds import CodeText, LongText, check_time
from service.judge.entries import AwareDatetime, Entry, Sha256, SubjectId
from service.judge.signoffs import Level, RefusalOutcome

RequiredText = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"\S")]
SignerName = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"\S")]
Coordinate = Annotated[float, msgspec.Meta(ge=-100_000, le=100_000)]
Point = tuple[Coordinate, Coordinate]
Stroke = Annotated[tuple[Point, ...], msgspec.Meta(max_length=5000)]


class AnswerInput(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: of a question or of an item, of all its things or of one. `good`: as it ought to be."""

    good: bool
    question: CodeText | None = None
    item: CodeText | None = None
    thing: SubjectId | None = None


class RescheduleRequest(msgspec.Struct, frozen=True):
    """A wish for another time."""

    wish: Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\S")]


class IncidentReport(msgspec.Struct, frozen=True):
    """Something happened, whatever the technician said: the fact, in the customer's words."""

    fact: CodeText
    text: RequiredText


class SignatureInput(msgspec.Struct, frozen=True, kw_only=True):
    """A signature: drawn (strokes as lists of points, or a PNG in base64), else the typed name stands for it.

    No pressure, no times: how somebody writes is nobody's business.
    """

    signer: SignerName
    relation: SignerName
    statement_sha256: Sha256
    strokes: Annotated[tuple[Stroke, ...], msgspec.Meta(max_length=500)] | None = None
    png: Annotated[str, msgspec.Meta(max_length=700_000)] | None = None


class RefusalInput(msgspec.Struct, frozen=True):
    """He would not or could not sign, or agrees in part only; of one statement by its digest, else of all unsigned."""

    reason: RequiredText
    outcome: RefusalOutcome = "refused"
    statement_sha256: Sha256 | None = None


class CustomerSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """All that one page sends. `window_from` says which appointment he saw: 409 when it has changed."""

    answers: Annotated[tuple[AnswerInput, ...], msgspec.Meta(max_length=100)] = ()
    raises: Annotated[tuple[IncidentReport, ...], msgspec.Meta(max_length=20)] = ()
    signature: SignatureInput | None = None
    refused: RefusalInput | None = None
    comment: LongText | None = None
    another_time: RescheduleRequest | None = None
    window_from: AwareDatetime | None = None

    def __post_init__(self) -> None:
        check_time("window_from", self.window_from)


class StoredCustomerResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a batch that came by the link: what was said, from what device, and the entries that it became.

    `image` is the SHA-256 of the signature's picture, which is a file of its own and left out of `said`. `typed`: it
    was not drawn, the typed name stands for it.
    """

    entries: tuple[Entry, ...]
    level: Level | Literal["words"]
    said: CustomerSubmission
    image: str = ""
    typed: bool = False
    address: str  # SHA-256, in hex
    seat: str = ""  # the browser's, see `accounts/browser`; SHA-256, in hex
    agent: str = ""
