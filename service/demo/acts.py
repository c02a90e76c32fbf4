"""What people do about a visit of the demonstration, through the functions that the API calls."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.accounts.authentication import authenticate_token
from service.confirmation import answering
from service.confirmation.statements import CustomerView
from service.context import AppContext, Quota, read_only
from service.db.database import Transaction
from service.dispatch import departing, planning, rescheduling
from service.errors import Erased, UnknownChecklist
from service.evidence import attach
from service.judge.moments import to_ms
from service.messages import notices
from service.messages.notices import NoticeRequest
from service.records import office_entries, submit
from service.reviews import corrections, reviewing
from service.visits import customer_link
from service.visits.change_rows import ChangeKind
from service.visits.changes import CHANGE_DECODERS
from service.visits.customer_answers import CustomerSubmission
from service.visits.departures import Departure
from service.visits.loading import load_visible_visit
from service.visits.plan import Plan
from service.visits.review_rows import Correction, Explanation, FindingDecision, Review
from service.visits.wire import OfficeEntries
from service.web.decoding import to_json

Entries = list[dict[str, Any]]


class Actors(msgspec.Struct, frozen=True):
    """The application's context, and the digest of each person's token by login."""

    ctx: AppContext
    tokens: dict[str, bytes]

    def at(self, moment: datetime) -> "Actors":
        """The same at another time: what they do is stored as done then. The limits of a day are for real days."""
        now = to_ms(moment)
        ctx = msgspec.structs.replace(self.ctx, clock=lambda: now, daily_quota=Quota(), recent_tokens={})
        return Actors(ctx, self.tokens)


def stable_id(*content: Any) -> UUID:
    """An id that depends on the content, so that another version's content gets other ids."""
    return uuid5(NAMESPACE_URL, f"doorstep demo {to_json(content).decode()}")


def with_ids(visit: UUID, entries: Entries) -> Entries:
    """Entries with their ids."""
    return [{"id": str(stable_id(str(visit), entry)), **entry} for entry in entries]


def record_of(visit: UUID, entries: Entries, correction: UUID | None = None) -> tuple[UUID, bytes]:
    """A record's id and bytes."""
    record = stable_id(str(visit), entries)
    content = {"id": str(record), "visit": str(visit), "checklist": "onsite@1", "entries": entries, "app": "demo"}
    return record, to_json(content if correction is None else content | {"correction": str(correction)})


async def plan(actors: Actors, login: str, visit: UUID, content: dict[str, Any]) -> None:
    """A dispatcher plans a visit."""
    raw = to_json(content)
    await planning.create(actors.ctx, actors.tokens[login], visit, msgspec.json.decode(raw, type=Plan), raw)


async def change(actors: Actors, login: str, visit: UUID, kind: ChangeKind, **content: Any) -> None:
    """A dispatcher changes a visit that nobody changed yet."""
    raw = to_json(content)
    decoded = CHANGE_DECODERS[kind].decode(raw)
    await rescheduling.change(actors.ctx, actors.tokens[login], visit, kind, decoded, raw, frozenset({0}))


async def note(actors: Actors, login: str, visit: UUID, entries: Entries) -> None:
    """Somebody in the office writes entries."""
    raw = to_json({"entries": with_ids(visit, entries)})
    content = msgspec.json.decode(raw, type=OfficeEntries)
    await office_entries.add_office_entries(actors.ctx, actors.tokens[login], visit, content, raw)


async def depart(actors: Actors, login: str, visit: UUID, at: datetime, minutes: int) -> None:
    """A technician is on the way."""
    departure = Departure(at=at, minutes=minutes)
    await departing.record_departure(actors.ctx, actors.tokens[login], visit, departure, to_json(departure))


async def submit_entries(
    actors: Actors, login: str, visit: UUID, entries: Entries, correction: UUID | None = None
) -> None:
    """A technician's phone sends a record."""
    record, raw = record_of(visit, with_ids(visit, entries), correction)
    await submit.submit_record(actors.ctx, actors.tokens[login], record, raw)


async def submit_outdated(actors: Actors, login: str, visit: UUID, entries: Entries) -> None:
    """A phone with a checklist that the server does not know sends a record, which goes into quarantine."""
    record, raw = record_of(visit, with_ids(visit, entries))
    outdated = to_json(msgspec.json.decode(raw) | {"checklist": "onsite@0"})
    with suppress(UnknownChecklist):
        await submit.submit_record(actors.ctx, actors.tokens[login], record, outdated)


async def send_photo(actors: Actors, login: str, raw: bytes) -> None:
    """A technician's phone sends a photo. One that was erased with its visit is not sent again."""

    async def parts() -> AsyncIterator[bytes]:
        yield raw

    with suppress(Erased):
        await attach.attach_file(actors.ctx, actors.tokens[login], sha256(raw).digest(), parts())


async def notify(actors: Actors, login: str, visit: UUID, send_at: datetime | None = None) -> None:
    """A dispatcher sends the notice that is due, which is written to a file."""
    wanted = NoticeRequest(channel="file", send_at=send_at, id=str(stable_id(str(visit), "notice")))
    await notices.send(actors.ctx, actors.tokens[login], visit, wanted)


async def answer(actors: Actors, login: str, visit: UUID, said: CustomerSubmission) -> None:
    """The customer answers through a link that a dispatcher gave them."""
    link = await customer_link.create_link(actors.ctx, actors.tokens[login], visit)
    await answering.submit_answers(actors.ctx, link.token, said)


async def review(actors: Actors, login: str, visit: UUID, comment: str, override: str | None = None) -> None:
    """A supervisor decides all findings that call for a person: upholds them, or overrides them with a reason."""
    view, tag = await reviewing.get_review_view(actors.ctx, actors.tokens[login], visit)
    codes = {shown.finding.code for shown in view.findings}
    decision = "uphold" if override is None else "override"
    decided = tuple(
        FindingDecision(code=reason.source, decision=decision, reason=override or "")
        for reason in view.reasons
        if reason.source in codes
    )
    await reviewing.review_visit(
        actors.ctx, actors.tokens[login], visit, Review(findings=decided, comment=comment), frozenset({tag})
    )


async def return_items(actors: Actors, login: str, visit: UUID, item: str, reason: str, due: datetime) -> None:
    """A supervisor returns an item to the phone."""
    content = {"visit": str(visit), "items": [{"item": item, "reason": reason}], "due": due}
    correction = msgspec.convert(content, Correction)
    await corrections.return_items(
        actors.ctx, actors.tokens[login], stable_id(str(visit), item, "correction"), correction
    )


async def explain(actors: Actors, login: str, visit: UUID, finding: str, text: str) -> None:
    """A technician explains a finding."""
    words = Explanation(finding=finding, text=text)
    await reviewing.explain(actors.ctx, actors.tokens[login], visit, stable_id(str(visit), text), words)


async def statement_digest(actors: Actors, login: str, visit: UUID) -> str:
    """The digest of the statement that the customer is shown to sign."""
    return await _statement_digest(actors.ctx, actors.tokens[login], visit)


@read_only
async def _statement_digest(ctx: AppContext, tx: Transaction, token: bytes, visit: UUID) -> str:
    loaded = await load_visible_visit(ctx, tx, await authenticate_token(tx, token), visit)
    return next(one.made.sha256 for one in CustomerView(loaded).sign_offs if one.made.table.signs is not None)
