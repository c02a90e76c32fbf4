"""The board and the agendas as `doorstep verify` looks at them: who sees a visit, and how it stands in lists.

Both can be made anew, so no leaf commits to them. They are held against what is committed to: the plan, its changes and
what was written. What was just being changed is as it should be the second time.
"""

from typing import Any
from uuid import UUID

import msgspec

from service.context import House
from service.db.database import Row, Tx
from service.visits import repository as visits_repository
from service.visits.loading import File, load, plans
from service.visits.status import stand_of
from service.visits.summaries import Posted, posted
from service.visits.unassigned import looked_at

from .rows import MANY, differing, keys, listed, named, told

SAYS = "was planned, changed and written"


async def compared(house: House) -> list[str]:
    """What is wrong with the board and the agendas."""
    faults = await told("visits cannot be listed", _visits(house))
    without = house.db.read(
        lambda tx: listed(tx, "board_without_visit", "visit {}: it is on the board, and its row is gone")
    )
    faults += await told("the board cannot be listed", without)
    return faults + await told("agendas cannot be listed", _agendas(house))


async def _visits(house: House) -> list[str]:
    faults: list[str] = []
    async for key in keys(house, "visits", faults):
        found = await _looked(house, key)
        again = await _looked(house, key) if found else []
        faults += [f"visit {named(key)}: {fault}" for fault in found if fault in again]
    return faults


async def _looked(house: House, key: bytes) -> list[str]:
    return await told("it cannot be held against the board", house.db.read(lambda tx: _visit(house, tx, key)))


async def _visit(house: House, tx: Tx, key: bytes) -> list[str]:
    visit = UUID(bytes=key)
    shown, file = await posted(tx, visit), await _file(house, tx, visit)
    if shown is None or file is None:
        return ["it is not on the board"]
    row: Row = await tx.one("visit_beside", id=key) or ()
    plan, follows = file.planned, file.plan.follows
    faults = differing(
        {
            "its technician": plan.technician,
            "its crew": "\n".join(plan.crew),
            "its time": file.row.planned_at,
            "what it follows": UUID(follows).bytes if follows else None,
        },
        dict(zip(("its technician", "its crew", "its time", "what it follows"), row, strict=True)),
        "its plan says",
    )
    faults += [f"the board: {fault}" for fault in differing(_expected(file), _shown(shown), SAYS)]
    stand = await _stand(tx, file, shown) if shown.state else ["how it stands was not worked out"]
    faults += [f"the board: {fault}" for fault in stand]
    return faults + await _on_agendas(tx, file)


async def _file(house: House, tx: Tx, visit: UUID) -> File | None:
    """The visit with all its changes, however many the board says there are."""
    row = await visits_repository.visit(tx, visit)
    return None if row is None else await load(house, tx, msgspec.structs.replace(row, revision=1))


def _expected(file: File) -> dict[str, Any]:
    plan, trail = file.plan, file.standing.trail
    return {
        "type": file.row.type,
        "technician": plan.technician,
        "crew": plan.crew,
        "area": file.row.area,
        "planned_at": file.planned_at,
        "revision": trail[-1].number if trail else 0,
        "plan": plan,
    }


def _shown(row: Posted) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in Posted.__struct_fields__}
    return shown | {"plan": plans.decode(row.plan)}


async def _stand(tx: Tx, file: File, shown: Posted) -> list[str]:
    """What the judge says. When that may change by itself and may have done so, lists ask him too."""
    if shown.until is not None and int(file.now.timestamp() * 1000) >= shown.until - 1:
        return []
    stand = stand_of(await looked_at(tx, file), file.judged())
    expected = {"state": stand.state, "flags": set(stand.flags), "verdict": stand.verdict, "until": stand.until}
    row = {"state": shown.state, "flags": set(shown.flags), "verdict": shown.verdict, "until": shown.until}
    return differing(expected, row, "the judge says")


async def _on_agendas(tx: Tx, file: File) -> list[str]:
    """Who goes has it on his agenda, and who went had it."""
    goes, faults = {file.plan.technician, *file.plan.crew}, list[str]()
    for login in sorted(file.standing.went):
        row = await tx.one("feed_of_visit", login=login, visit=file.row.id.bytes)
        if row is None or row[1] != int(login in goes):
            faults.append(f"the agenda of {login} is not what {SAYS}")
    return faults


async def _agendas(house: House) -> list[str]:
    """Nobody else has it on his agenda. Who had it may still bring what he wrote: so he has to have been to go."""
    faults: list[str] = []
    page: list[Row] = [("", b"")]
    while page := await house.db.read(
        lambda tx, after=page[-1]: tx.all("agendas_page", login=after[0], after=after[1], size=MANY)
    ):
        for login, visit, his, technician, crew in page:
            if his and login != technician and login not in (crew or "").split("\n"):
                faults.append(f"visit {named(visit)}: it is on the agenda of {login}, who does not go")
            elif not his:
                found = await told("it cannot be held against agendas", _went(house, login, visit))
                faults += [f"visit {named(visit)}: {fault}" for fault in found]
    return faults


async def _went(house: House, login: str, visit: bytes) -> list[str]:
    file = await house.db.read(lambda tx: _file(house, tx, UUID(bytes=visit)))
    return [] if file is None or login in file.standing.went else [f"{login} never was to go there"]
