"""How `doorstep verify` checks what follows from a visit and is stored beside it: which files it opens to whom, duties,
until when links are good, and how it is found.

No leaf commits to these; they are computed again from what the log covers.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import msgspec

from service.accounts.events import FILES_OPENED, Act
from service.audit_log.events import get_event
from service.db.database import Row, Transaction
from service.judge.findings import Judgement
from service.judge.moments import to_ms
from service.visits import search_index
from service.visits.attention import attention
from service.visits.complaints import COMPLAINTS, receipt_numbers
from service.visits.customer_link import IN_USE_MS, LIFETIME_MS, passed_digest
from service.visits.loading import LoadedVisit, batch_senders
from service.visits.owed_duties import duty_key
from service.visits.status import search_texts

TOKENS_CHECKED = 3
LONGEST_ANSWER_MS = int(timedelta(days=60).total_seconds() * 1000)
"""No answer to a complaint is due later."""
TRANSACTION_MS = 60_000
"""No transaction lasts longer."""
_ACT = msgspec.json.Decoder(Act)


async def check_derived(tx: Transaction, visit: LoadedVisit) -> list[str]:
    """The faults of what is derived from a visit whatever the time is."""
    return [
        *await _check_references(tx, visit),
        *await _check_search(tx, visit),
        *await _check_links(tx, visit),
        *await _check_passed_codes(tx, visit),
    ]


async def _check_references(tx: Transaction, visit: LoadedVisit) -> list[str]:
    """Exactly the files that its batches name are opened to those who see the visit."""
    named = list(zip(visit.batch_rows, visit.referenced_files, strict=True))
    expected = {(file, sender) for batch, files in named for file in files for sender in batch_senders(batch)}
    stored = {(file.hex(), sender) for file, sender in await _rows(tx, "file_references_of", visit)}
    surplus = stored - expected
    if surplus:  # a supervisor who took in a record that was here may send what it lacks
        opened = {
            (act.subject, act.by)
            for (body,) in await tx.fetch_all("acts_called", what=FILES_OPENED)
            if (act := _ACT.decode(body)).visit == str(visit.row.id)
        }
        surplus -= {
            (file, by) for batch, files in named for record, by in opened if record == str(batch.id) for file in files
        }
    faults = [f"it opens the file {one} of {sender}, which no batch names" for one, sender in sorted(surplus)]
    return faults + [f"it does not open the file {file}, which a batch names" for file, _ in sorted(expected - stored)]


async def _check_search(tx: Transaction, visit: LoadedVisit) -> list[str]:
    receipts, former = receipt_numbers(visit.merged.entries), visit.plan_history.former_customers
    text, tokens = search_index.index_rows(search_texts(visit.plan), receipts, former)
    row = await tx.fetch_one("search_texts_of", visit=visit.row.id.bytes)
    if row is None or row != (visit.row.area, text):
        return ["it is not found by its texts"]
    for token in sorted(tokens)[:TOKENS_CHECKED]:
        if await tx.fetch_one("visit_has_token", token=token, visit=visit.row.id.bytes) is None:
            return ["it is not found by all of its texts"]
    return []


async def _check_links(tx: Transaction, visit: LoadedVisit) -> list[str]:
    """No link is good for longer than there is a reason for, and one that was replaced has ended."""
    planned = visit.original_plan.window
    reasons = [to_ms(one.end) for one in visit.plan_history.rescheduled] + ([to_ms(planned.end)] if planned else [])
    reasons += [row.received_at for row in visit.batch_rows if row.kind in ("record", "office")]
    if any(entry.what in COMPLAINTS for entry in visit.merged.entries):
        reasons = [at + LONGEST_ANSWER_MS for at in reasons]
    faults: list[str] = []
    last: dict[str, tuple[int, int | None, UUID]] = {}
    for key, created_at, handed_out_at, ended_at, expires_at, purpose in await _rows(tx, "links_with_ends", visit):
        link = UUID(bytes=key)
        if expires_at > max((created_at, *reasons)) + LIFETIME_MS:
            faults.append(f"the link {link} is good for longer than there is a reason for")
        if handed_out_at is None:
            continue
        before = last.get(purpose)
        if before is not None and (before[1] is None or before[1] > handed_out_at + IN_USE_MS):
            faults.append(f"the link {before[2]} was replaced, and has not ended")
        last[purpose] = handed_out_at, ended_at, link
    return faults


async def _check_passed_codes(tx: Transaction, visit: LoadedVisit) -> list[str]:
    """A one-time code that was right has an event that says so."""
    faults: list[str] = []
    for key, browser, passed_at, passed_from, passed_event, message in await _rows(tx, "passed_codes_of", visit):
        link = UUID(bytes=key)
        row = await get_event(tx, UUID(bytes=passed_event))
        act = None if row is None else _ACT.decode(row.body)
        expected = (str(link), passed_digest(browser, passed_from, message))
        if row is None or act is None or (act.subject, act.digest) != expected or not _just_before(passed_at, row.at):
            faults.append(f"the code of the link {link} was not right, as the log says")
    return faults


def _just_before(passed_at: int, event_at: int) -> bool:
    """Whether the code was entered when its event says: the clock goes on within a transaction."""
    return event_at - TRANSACTION_MS <= passed_at <= event_at


async def check_duties(tx: Transaction, visit: LoadedVisit, judgement: Judgement) -> list[str]:
    """What is owed and what was dropped, as the judge and the decisions say now."""
    now = attention(visit, judgement)
    owed = {duty.key: (duty.item, duty.owner, visit.plan.technician, to_ms(duty.due_at)) for duty in now.duties}
    dropped = {
        duty_key(finding): (decision.by, decision.reason)
        for finding in judgement.findings
        if finding.kind in ("open", "missing") and (decision := visit.reviews.decision_for(finding))
    }
    stored = {row[0]: row[1:] for row in await _rows(tx, "duties_of_visit", visit)}
    open_now = {key: row[:4] for key, row in stored.items() if row[4] is None}
    faults = [f"the duty {key} is not what the judge says" for key in _different(owed, open_now)]
    past = {  # of a duty that was dropped, and then done or taken back all the same
        (code.partition(".")[2], decision.by, decision.reason) for code, decision in visit.reviews.decisions.items()
    }
    for key, row in stored.items():
        said = (row[5], row[6])
        if row[4] is None or said == dropped.get(key, ("", "")):
            continue
        if key in dropped or (key, *said) not in past:
            faults.append(f"who dropped the duty {key}, and why, is not what was decided")
    return faults


def _different(expected: Mapping[str, Row], stored: Mapping[str, Row]) -> Iterator[str]:
    return (key for key in sorted({*expected, *stored}) if expected.get(key) != stored.get(key))


async def _rows(tx: Transaction, query: str, visit: LoadedVisit) -> list[Row]:
    return await tx.fetch_all(query, visit=visit.row.id.bytes)
