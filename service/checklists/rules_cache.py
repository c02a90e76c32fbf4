"""Published checklists, compiled once."""

import msgspec

from service.context import House
from service.db.database import Tx
from service.errors import UnknownChecklist
from service.judge.checklist import Checklist
from service.judge.rules import Rules

from . import repository

ONSITE = "onsite"  # the checklist that visits take


async def compiled_rules(house: House, tx: Tx, checklist: str, version: str) -> Rules:
    """A published version, made ready once and kept: it never changes."""
    known = house.ready.get((checklist, version))
    if known is None:
        row = await repository.checklist(tx, checklist, version)
        if row is None:
            raise UnknownChecklist
        known = house.ready[checklist, version] = Rules(msgspec.json.decode(row.body, type=Checklist))
    return known
