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

    good: Annotated[bool, msgspec.Meta(description="Whether it was as it ought to be.")]
    question: Annotated[CodeText | None, msgspec.Meta(description="The question that is answered.")] = None
    item: Annotated[CodeText | None, msgspec.Meta(description="Or the item.")] = None
    thing: Annotated[SubjectId | None, msgspec.Meta(description="One of its things; without it, all.")] = None


class RescheduleRequest(msgspec.Struct, frozen=True):
    """A wish for another time."""

    wish: Annotated[
        str,
        msgspec.Meta(
            min_length=1, max_length=300, pattern=r"\S", description="What the customer wishes, in their words."
        ),
    ]


class IncidentReport(msgspec.Struct, frozen=True):
    """Something happened, whatever the technician said: the fact, in the customer's words."""

    fact: Annotated[CodeText, msgspec.Meta(description="The fact that holds, such as that something was broken.")]
    text: Annotated[RequiredText, msgspec.Meta(description="What happened, in the customer's words.")]


class SignatureInput(msgspec.Struct, frozen=True, kw_only=True):
    """A signature: drawn (strokes as lists of points, or a PNG in base64), else the typed name stands for it.

    No pressure, no times: how somebody writes is nobody's business.
    """

    signer: Annotated[SignerName, msgspec.Meta(description="Who signs.")]
    relation: Annotated[SignerName, msgspec.Meta(description="What they are to the customer.")]
    statement_sha256: Annotated[
        Sha256, msgspec.Meta(description="The statement that they saw: SHA-256 of its document.")
    ]
    strokes: Annotated[
        Annotated[tuple[Stroke, ...], msgspec.Meta(max_length=500)] | None,
        msgspec.Meta(description="The signature as strokes, each a list of points."),
    ] = None
    png: Annotated[
        Annotated[str, msgspec.Meta(max_length=700_000)] | None,
        msgspec.Meta(description="The signature as a PNG, in base64."),
    ] = None


class RefusalInput(msgspec.Struct, frozen=True):
    """He would not or could not sign, or agrees in part only; of one statement by its digest, else of all unsigned."""

    reason: Annotated[RequiredText, msgspec.Meta(description="Why, in the customer's words.")]
    outcome: Annotated[
        RefusalOutcome, msgspec.Meta(description="Whether they refuse, are unable, or agree in part.")
    ] = "refused"
    statement_sha256: Annotated[
        Sha256 | None, msgspec.Meta(description="Which statement; without it, all that are not signed.")
    ] = None


class CustomerSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """All that one page sends. `window_from` says which appointment he saw: 409 when it has changed."""

    answers: Annotated[tuple[AnswerInput, ...], msgspec.Meta(max_length=100, description="Answers to questions.")] = ()
    raises: Annotated[
        tuple[IncidentReport, ...],
        msgspec.Meta(max_length=20, description="What happened, whatever the technician said."),
    ] = ()
    signature: Annotated[SignatureInput | None, msgspec.Meta(description="The signature on a statement.")] = None
    refused: Annotated[RefusalInput | None, msgspec.Meta(description="Why there is none.")] = None
    comment: Annotated[LongText | None, msgspec.Meta(description="The customer's own words.")] = None
    another_time: Annotated[RescheduleRequest | None, msgspec.Meta(description="A wish for another time.")] = None
    window_from: Annotated[
        AwareDatetime | None, msgspec.Meta(description="When the window begins that the customer saw.")
    ] = None

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
    browser: str = msgspec.field(default="", name="seat")  # `Browser.id` in hex
    agent: str = ""
