"""Published checklists, compiled once."""

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.errors import UnknownChecklist
from service.judge.checklist import Checklist
from service.judge.rules import CompiledChecklist

from . import repository

DEFAULT_CHECKLIST = "onsite"  # for new visits


async def compiled_rules(ctx: AppContext, tx: Transaction, checklist: str, version: str) -> CompiledChecklist:
    """A published version, compiled once, because it never changes."""
    known = ctx.rules_cache.get((checklist, version))
    if known is None:
        row = await repository.get_checklist(tx, checklist, version)
        if row is None:
            raise UnknownChecklist
        known = ctx.rules_cache[checklist, version] = CompiledChecklist(msgspec.json.decode(row.body, type=Checklist))
    return known
