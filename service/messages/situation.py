"""What is true of a visit now, as far as messages to its customer depend on it."""

from collections.abc import Container, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, tzinfo

import msgspec

from service.accounts import cards
from service.accounts.cards import IdCard
from service.accounts.repository import names_of
from service.context import AppContext
from service.db.database import Transaction
from service.judge import judge, signoffs
from service.judge.entries import Entry
from service.judge.findings import Judgement
from service.judge.moments import from_ms, to_ms
from service.judge.timeline import to_microseconds, withdrawn_ids
from service.judge.visit import Window
from service.visits.appointment import AGREED, MOVED, Appointment, current_appointment, is_completed, wished_window
from service.visits.changes import ChangeRecord
from service.visits.complaints import RECORDED, own_answers, recording_id
from service.visits.departures import DepartureView, is_current, view_of
from service.visits.loading import LoadedVisit
from service.visits.notice_flags import FAILED_STATES
from service.visits.owed_answers import complaints_of, owed_answers
from service.visits.windows import local
from service.web.decoding import is_uuid

from .misdirected import messages_to_customer
from .outbox import ON_THEIR_WAY, MessageRow

INFORMING_ITEMS = frozenset({AGREED, MOVED, "work_content_told", "work_place_told", "cooperation_requested"})
"""Items by which the customer learns that somebody is coming."""


ANNOUNCING = ("appointment", "reschedule", "handover", "reminder", "on_the_way")
"""Messages by which the customer learns who comes, and when."""
OTHER_ESTIMATE_MS = 10 * 60_000


class ComplaintState(msgspec.Struct, frozen=True):
    """A complaint or report that has a number: by when it is answered, or when it was."""

    id: str
    number: str
    came_at: datetime
    due_at: datetime | None
    answer: str
    answered_at: datetime | None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A visit now, and the messages that were sent about it. `window` is in the utility's zone.

    Once the technician has left: `left_at` is when, by their corrected clock; `unsigned` is what waits for the
    customer's signature (`item[thing]`), `void` are the signatures and refusals that a change made void. `taken_back`:
    the ids of entries that were withdrawn.
    """

    visit: LoadedVisit
    sent: Sequence[MessageRow]
    now: datetime
    company: str
    hotline: str
    technician: IdCard | None
    judgement: Judgement
    appointment: Appointment
    window: Window | None
    zone: tzinfo
    departure: DepartureView | None
    departed_name: str
    left_at: datetime | None
    unsigned: tuple[str, ...]
    void: tuple[str, ...]
    complaints: tuple[ComplaintState, ...]
    taken_back: AbstractSet[str]

    @property
    def departure_number(self) -> int:
        """The departure for the present plan whose estimate holds: a later one replaces it when it differs much."""
        visit, number, expected = self.visit, 0, None
        for row in visit.departures:
            if not is_current(row, visit.plan_history):
                continue
            minutes = row.content().minutes
            arrives = None if minutes is None else to_ms(row.content().at) + minutes * 60_000
            if not number or (expected and arrives and abs(arrives - expected) >= OTHER_ESTIMATE_MS):
                number, expected = row.number, arrives
        return number

    @property
    def has_begun(self) -> bool:
        """Whether somebody has begun the work, or found nobody at home."""
        return self.judgement.verdict is not None

    @property
    def technician_names(self) -> tuple[str, ...]:
        """Who comes, as on their ID card; shorter and shorter, because a text message is short."""
        card = self.technician
        if card is None:
            return (self.visit.plan.technician,)
        badge = f"（{card.badge}）" if card.badge else ""
        return tuple(dict.fromkeys((f"{card.title}{card.name}{badge}", f"{card.name}{badge}", card.name)))

    @property
    def is_informed(self) -> bool:
        """Whether the customer may know of the visit, from a message or from an entry."""
        arrived = ("delivered", "taken")
        return any(one.about not in ("code", "other") and one.state in arrived for one in self.sent) or any(
            self._informs(entry) for entry in self.visit.merged.entries
        )

    def _informs(self, entry: Entry) -> bool:
        """Whether an entry says that the customer was informed, and was not taken back."""
        return entry.what in INFORMING_ITEMS and is_completed(entry) and entry.id not in self.taken_back

    def last_received(self, about: Container[str]) -> MessageRow | None:
        """The last message of some kinds that the customer got."""
        got = (one for one in self.sent if one.about in about and one.state in ("delivered", "taken"))
        return max(got, key=lambda one: one.created_at, default=None)

    @property
    def known_revision(self) -> int:
        """How many changes of the plan came before the customer was last informed of it, by a message or an entry."""
        visit, message = self.visit, self.last_received(ANNOUNCING)
        found = [
            row.revision or 0
            for row, batch in zip(visit.batch_rows, visit.batches, strict=True)
            if any(self._informs(one) and one.via != "record" for one in batch.entries)
        ]
        if message is not None:
            named = message.occasion.rpartition(" ")[2]
            earlier = [one.number for one in visit.plan_history.trail if to_ms(one.at) < message.created_at]
            found += [*earlier, int(named) if message.occasion.startswith(("window ", "technician ")) else 0]
        return max(found, default=0)

    @property
    def known_window(self) -> Window | None:
        """The time of which the customer was last informed."""
        plan = self.visit.plan_history
        moves = [one.number for one in plan.trail if one.kind == "window"]
        count = sum(number <= self.known_revision for number in moves)
        if count == 0:
            return self.visit.original_plan.window
        moved = plan.rescheduled[count - 1]
        return Window(moved.start, moved.end)

    @property
    def is_as_wished(self) -> bool:
        """Whether the visit was moved to exactly the time that the customer had asked for last, and they asked for no
        other since."""
        visit, move = self.visit, self.last_change("window")
        if move is None or self.appointment.asked is not None:
            return False
        said = [
            entry
            for row, batch in zip(visit.batch_rows, visit.batches, strict=True)
            if (row.revision or 0) < move.number
            for entry in batch.entries
            if entry.what == AGREED and entry.by == "customer"
        ]
        return bool(said) and said[-1].refused is not None and wished_window(said[-1]) == self.window

    @property
    def knows_other_time(self) -> bool:
        """Whether the customer was last informed of another time than the present one."""
        return self.is_informed and self.known_window != self.appointment.window

    def last_change(self, kind: str) -> ChangeRecord | None:
        """The last change of a kind."""
        return next((one for one in reversed(self.visit.plan_history.trail) if one.kind == kind), None)

    def last_record_at(self) -> datetime | None:
        """When the technicians' last record came."""
        times = [row.received_at for row in self.visit.batch_rows if row.kind == "record"]
        return from_ms(max(times), self.now.tzinfo) if times else None


class _AfterLeaving(msgspec.Struct, frozen=True):
    """What is known once the technician has left: see `Situation`."""

    left_at: datetime | None = None
    unsigned: tuple[str, ...] = ()
    void: tuple[str, ...] = ()


def _after_leaving(visit: LoadedVisit) -> _AfterLeaving:
    """When they left; what waits for the customer's signature (`item[thing]`), and the answers that a change made void:
    signatures, and refusals of customers who saw what they did not sign."""
    entries = visit.effective_entries()
    evaluation = judge.Evaluation(visit.rules, visit.visit(), entries, to_microseconds(visit.now))
    facts = evaluation.evaluate().facts
    unsigned, void = list[str](), list[str]()
    for one in signoffs.sign_offs(visit.rules, visit.visit(), entries, evaluation.timeline, facts):
        if one.made.table.signs is None or not one.made.document.lines:
            continue
        if one.signature is not None and one.signature.state == "changed":
            void.append(one.signature.entry)
        elif one.signature is None and not any(refusal.valid and refusal.same for refusal in one.declined):
            answered = [refusal.entry for refusal in one.declined if refusal.valid and refusal.outcome != "absent"]
            if answered:  # they did not sign, and what they answered to has changed since
                void.append(answered[-1])
            else:
                unsigned.append(f"{one.made.table.signs}[{one.made.thing or ''}]")
    left = evaluation.timeline.occurrences["left"][0]
    return _AfterLeaving(from_ms(left // 1000, visit.now.tzinfo), tuple(sorted(unsigned)), tuple(sorted(void)))


def _complaints(visit: LoadedVisit, judgement: Judgement) -> tuple[ComplaintState, ...]:
    """The complaints that have a number, in their order."""
    made = complaints_of(visit)
    if not made:
        return ()
    recorded = [
        (entry, piece.number)
        for entry in visit.merged.entries
        if entry.what == RECORDED
        for piece in entry.evidence
        if piece.number
    ]
    own = {recording_id(one.id) for one in made if is_uuid(one.id)}
    due = {one.complaint.id: one.due_at for one in owed_answers(visit, judgement, made)}
    found: list[ComplaintState] = []
    for complaint in made:
        number = _number(complaint, recorded, own)
        first = next(iter(own_answers(visit.rules, complaint, visit.merged.entries)), None)
        if number:
            state = ComplaintState(
                id=complaint.id,
                number=number,
                came_at=complaint.came_at,
                due_at=due.get(complaint.id),
                answer=first.id if first else "",
                answered_at=first.came_at if first else None,
            )
            found.append(state)
    return tuple(found)


def _number(complaint: Entry, recorded: Sequence[tuple[Entry, str]], own: Container[str]) -> str | None:
    """The number that the service gave a complaint, or that the office wrote down after it came."""
    given = recording_id(complaint.id) if is_uuid(complaint.id) else ""
    found = [number for entry, number in recorded if entry.id == given]
    found += [number for entry, number in recorded if entry.id not in own and entry.came_at >= complaint.came_at]
    return next(iter(found), None)


async def situation_of(ctx: AppContext, tx: Transaction, visit: LoadedVisit) -> Situation:
    """What is true of a visit now."""
    appointment = current_appointment(visit, ctx.now(), ctx.company.cutoff_hours)
    judgement = visit.evaluate_at()
    over = _after_leaving(visit) if "left" in judgement.facts else _AfterLeaving()
    departure = visit.departure and view_of(ctx, visit.departure)
    names = await names_of(tx, (departure.by,)) if departure else {}
    return Situation(
        visit=visit,
        sent=await messages_to_customer(tx, visit),
        now=visit.now,
        company=ctx.company.company,
        hotline=ctx.company.hotline,
        technician=await cards.get_card(tx, visit.plan.technician),
        judgement=judgement,
        appointment=appointment,
        window=local(ctx, appointment.window),
        zone=ctx.zone,
        departure=departure,
        departed_name=names[departure.by] if departure else "",
        left_at=over.left_at,
        unsigned=over.unsigned,
        void=over.void,
        complaints=_complaints(visit, judgement),
        taken_back=withdrawn_ids(visit.merged.entries),
    )


def is_settled(situation: Situation, about: Sequence[str], occasion: str, since: datetime | None) -> bool:
    """Whether one of the messages `about` something is on its way or arrived: for this occasion, or sent since then."""
    from_at = 0 if since is None else to_ms(since)

    def settles(row: MessageRow) -> bool:
        if row.occasion and row.about == about[0]:
            return row.occasion == occasion
        return row.created_at >= from_at

    on_their_way = (row for row in situation.sent if row.withdrawn_at is None and row.state in ON_THEIR_WAY)
    return any(row.about in about and settles(row) for row in on_their_way)


def has_failed(situation: Situation, about: str, occasion: str, to: str) -> bool:
    """Whether a message about this occasion to this number could not be delivered."""
    return any(
        (row.about, row.occasion, row.recipient) == (about, occasion, to) and row.state in FAILED_STATES
        for row in situation.sent
    )
