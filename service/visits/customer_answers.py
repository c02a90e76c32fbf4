"""What customers submit through their link: answers, reported incidents, a signature or a refusal, a comment."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.field_kinds import Cleaned, LongText, visible_line, visible_text
from service.judge.bounds import CodeText, check_time
from service.judge.entries import AwareDatetime, Entry, Sha256, SubjectId
from service.judge.signoffs import Level, RefusalOutcome
from service.judge.visit import Window

from .batches import SERVICE_WRITER

RequiredText = Annotated[str, visible_text(1000)]
SignerName = Annotated[str, visible_line(60)]
Coordinate = Annotated[float, Meta(ge=-100_000, le=100_000)]
Point = tuple[Coordinate, Coordinate]
Stroke = Annotated[tuple[Point, ...], Meta(max_length=5000)]


class AnswerInput(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to a question or about an item, for all of its things or one. `good`: as it should be."""

    good: Annotated[bool, Meta(description="Whether it was as it should be.")]
    question: Annotated[CodeText | None, Meta(description="The question that is answered.")] = None
    item: Annotated[CodeText | None, Meta(description="Or the item.")] = None
    thing: Annotated[SubjectId | None, Meta(description="One of its things; without it, all.")] = None


class RescheduleRequest(Cleaned, frozen=True, rename={"start": "from", "end": "to"}):
    """A wish for another time: in words, and where they know it as a time."""

    wish: Annotated[Annotated[str, visible_text(300)], Meta(description="What the customer wishes, in their words.")]
    start: Annotated[AwareDatetime | None, Meta(description="When the time that they would like begins.")] = None
    end: Annotated[AwareDatetime | None, Meta(description="When it ends.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time("from", self.start)
        check_time("to", self.end)
        if (self.start is None) != (self.end is None) or (self.start and self.end and self.end < self.start):
            raise ValueError("from and to belong together, and the earlier one comes first")

    @property
    def window(self) -> Window | None:
        """The time that they would like."""
        return Window(self.start, self.end) if self.start and self.end else None


class IncidentReport(Cleaned, frozen=True):
    """An incident that the customer reports, independently of what the technician wrote."""

    fact: Annotated[CodeText, Meta(description="The fact that holds, such as that something was broken.")]
    text: Annotated[RequiredText, Meta(description="What happened, in the customer's words.")]


class SignatureInput(Cleaned, frozen=True, kw_only=True):
    """A signature: strokes (lists of points), a PNG in base64, or else the typed name.

    Pressure and times are left out on purpose: they would be biometric data.
    """

    signer: Annotated[SignerName, Meta(description="Who signs.")]
    relation: Annotated[SignerName, Meta(description="What they are to the customer.")]
    statement_sha256: Annotated[Sha256, Meta(description="The statement that they saw: SHA-256 of its document.")]
    strokes: Annotated[
        Annotated[tuple[Stroke, ...], Meta(max_length=500)] | None,
        Meta(description="The signature as strokes, each a list of points."),
    ] = None
    png: Annotated[
        Annotated[str, Meta(max_length=700_000)] | None,
        Meta(description="The signature as a PNG, in base64."),
    ] = None


class RefusalInput(Cleaned, frozen=True):
    """The customer refuses or is unable to sign, or agrees in part: one statement by its digest, else all unsigned."""

    reason: Annotated[RequiredText, Meta(description="Why, in the customer's words.")]
    outcome: Annotated[RefusalOutcome, Meta(description="They refuse, are unable, or agree in part.")] = "refused"
    statement_sha256: Annotated[
        Sha256 | None, Meta(description="Which statement; without it, all that are not signed.")
    ] = None


class CustomerSubmission(Cleaned, frozen=True, kw_only=True):
    """Everything one page submits. `window_from` and `window_to` are the appointment that the customer saw: 409 if
    it has changed."""

    answers: Annotated[tuple[AnswerInput, ...], Meta(max_length=100, description="Answers to questions.")] = ()
    raises: Annotated[
        tuple[IncidentReport, ...],
        Meta(max_length=20, description="What happened, whatever the technician said."),
    ] = ()
    signature: Annotated[SignatureInput | None, Meta(description="The signature on a statement.")] = None
    refused: Annotated[RefusalInput | None, Meta(description="Why there is no signature.")] = None
    comment: Annotated[LongText | None, Meta(description="The customer's own words.")] = None
    another_time: Annotated[RescheduleRequest | None, Meta(description="A wish for another time.")] = None
    window_from: Annotated[AwareDatetime | None, Meta(description="Start of the window that they saw.")] = None
    window_to: Annotated[AwareDatetime | None, Meta(description="Its end.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time("window_from", self.window_from)
        check_time("window_to", self.window_to)


class VerifiedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The telephone number to which a one-time code went."""

    masked: Annotated[str, Meta(description="The number, masked.")]
    digest: Annotated[str, Meta(description="A keyed digest of the number: the same for the same number, in hex.")]
    since: Annotated[datetime | None, Meta(description="Since when it is the visit's number.")]
    changed_by: Annotated[str, Meta(description="Login of who changed the number to it; empty if it was planned so.")]
    link_by: Annotated[
        str,
        Meta(
            description="By whom the link was made on which the code was entered; `the service`: it went out by itself."
        ),
    ]

    @property
    def is_suspect(self) -> bool:
        """Whether nobody but the one who changed the number vouches for it: they made the link, too, or it went out by
        itself. Then it may be their own."""
        return self.changed_by != "" and self.link_by in (self.changed_by, SERVICE_WRITER)


class StoredCustomerResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a batch submitted through the customer's link: the submission, its device, the resulting entries.

    `image` is the SHA-256 of the signature's image, a file of its own that `said` leaves out. `typed`: the signature
    is the typed name. `number`: to which the code went by which the device was verified.
    """

    entries: tuple[Entry, ...]
    level: Level | Literal["words"]
    said: CustomerSubmission
    image: str = ""
    typed: bool = False
    address: str  # SHA-256, in hex
    browser: str = msgspec.field(default="", name="seat")  # `Browser.id` in hex; the name in stored batches
    agent: str = ""
    number: VerifiedNumber | None = None
