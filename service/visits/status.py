"""How a visit stands: its state, its flags, and its row on the board, which whoever writes about a visit rewrites."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from service.context import House
from service.db.database import BatchStatement, Tx
from service.judge.findings import Judgement
from service.judge.timeline import withdrawn
from service.web.defects import readable

from . import evidence_files, repository, search_index, summaries, sync_feed, unassigned
from .appointment import asks
from .clock_skew import ahead
from .grams import normal
from .loading import File, load, senders
from .plan import Plan
from .summaries import Stand

State = Literal["planned", "under_way", "to_review", "returned", "closed", "cancelled"]
Flag = Literal[
    "awaiting_evidence", "open_duties", "absent", "answered", "complaint", "asked_time", "no_technician", "clock"
]
COMPLAINT = "complaint_received"
_LIVE = frozenset({"planned", "under_way", "returned"})


def state_of(file: File, judgement: Judgement) -> State:
    """The state follows from what was written; nobody sets it. What was done on a cancelled visit is reviewed too."""
    if judgement.verdict is None:
        return "planned" if file.standing.cancelled is None else "cancelled"
    return "to_review" if "left" in judgement.facts else "under_way"


def flags_of(file: File, judgement: Judgement) -> tuple[Flag, ...]:
    """What is still lacking, or came otherwise than planned."""
    flags: list[Flag] = []
    if file.awaits_files:
        flags.append("awaiting_evidence")
    if any(finding.severity == "open" for finding in judgement.findings):
        flags.append("open_duties")
    if "nobody_home" in judgement.facts:
        flags.append("absent")
    if file.confirmations:
        flags.append("answered")
    if _complains(file):
        flags.append("complaint")
    if judgement.verdict is None and asks(file):  # nobody waits at a door that was opened
        flags.append("asked_time")
    if (
        unassigned.NOBODY in file.row.flags.split() and state_of(file, judgement) in _LIVE
    ):  # `visits/unassigned` keeps it
        flags.append("no_technician")
    if any(
        ahead(one, row.received_at) for one, row in zip(file.batches, file.rows, strict=True) if one.kind == "record"
    ):
        flags.append("clock")
    return tuple(flags)


def _complains(file: File) -> bool:
    """Whether the customer's last word on anything is that it was not right, whatever the checklist makes of that (what
    nobody declared is no finding, and still somebody of the office has to hear it), or somebody noted a complaint."""
    entries = file.gathered.entries
    noted = [one.id for one in entries if one.what == COMPLAINT and one.holds is not False]
    if noted and not withdrawn(entries).issuperset(noted):
        return True
    said = [one.said for _, one in file.confirmations]
    last = {(one.question, one.item, one.thing): one.good for each in said for one in each.answers}
    return not all(last.values()) or any(one.raises for one in said)


async def written(
    tx: Tx, file: File, judgement: Judgement, *, heard: bool = True, also: Sequence[BatchStatement] = ()
) -> list[int]:
    """Something was written about a (locked) visit: the board, and the agendas of those who go. `file` as it now is,
    with its judgement now. Not `heard`: it is not told to those who go, and nothing changes for their phones. `also` is
    what was written, if it is not yet there; how many rows each of those changed."""
    stand, live = _stand(file, judgement)
    changes = (*also, stand)
    if not heard:
        return (await tx.together(*changes))[: len(also)]
    same = not file.confirmations and live == _is_live(file.row.state, file.row.flags.split())
    going = file.plan.technician, *file.plan.crew
    counts = await sync_feed.touch(tx, going, file.row.id, live=None if same else live, also=changes)
    return counts[: len(also)]


def _is_live(state: str, flags: Sequence[str]) -> bool:
    return state in _LIVE or (state != "cancelled" and ("open_duties" in flags or "awaiting_evidence" in flags))


def stand_of(file: File, judgement: Judgement) -> Stand:
    """What the board has to say of a visit that was judged."""
    until = None if judgement.until is None else judgement.until // 1000 + 1
    return Stand(state_of(file, judgement), flags_of(file, judgement), judgement.verdict or "", until)


def _stand(file: File, judgement: Judgement) -> tuple[BatchStatement, bool]:
    """The board's row; whether phones need the visit however old it is, as far as those who go may know."""
    now = stand_of(file, judgement)
    state, flags = now.state, now.flags
    stand = summaries.standing(file.row.id, now)
    if file.confirmations:
        known = file.heard_at(None)
        judgement = known.judged()
        state, flags = state_of(known, judgement), flags_of(known, judgement)
    return stand, _is_live(state, flags)


async def written_now(tx: Tx, file: File, *, heard: bool = True) -> None:
    """The same, judged as of now."""
    await written(tx, file, file.judged(), heard=heard)


async def stand_again(tx: Tx, file: File) -> bool:
    """Only the board, judged as of now; whether phones need the visit however old it is."""
    stand, live = _stand(file, file.judged())
    await tx.together(stand)
    return live


def texts(plan: Plan) -> tuple[str, ...]:
    """The texts of a plan that are searched, as they are compared."""
    who = plan.customer
    return tuple(map(normal, (who.name, who.account, who.address, who.phone, plan.external_ref or "")))


async def fill(house: House) -> int:
    """Work out the board's rows that were never worked out; how many. What cannot be read stops no start."""
    unreadable: set[UUID] = set()

    async def work(tx: Tx) -> int:
        some = [one for one in await summaries.unposted(tx, 100 + len(unreadable)) if one not in unreadable]
        for visit in some:
            row = await repository.locked_visit(tx, visit)
            if row is None:
                continue
            file = await readable(house, visit, load(house, tx, row))
            if file is None:
                unreadable.add(visit)
            else:
                for batch, named in zip(file.rows, file.named, strict=True):  # from before files were told apart
                    await evidence_files.expect(tx, visit, senders(batch), named)
                await search_index.add(tx, visit, row.area, texts(file.plan))
                await written_now(tx, await unassigned.looked_at(tx, file))
        return len(some)

    total = 0
    while found := await house.db.write(work):
        total += found
    return total
