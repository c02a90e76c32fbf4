"""A copy of a customer's data, for the customer (PIPL art. 45): their visits as JSON, and the photos, in a ZIP file.

People of the utility appear by role, number and the first character of their name. Photos are copies without metadata.
Each visit notes that it was exported, by whom and why.
"""

from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from service.accounts import cards
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound, Problem
from service.evidence import thumbnails
from service.messages import outbox
from service.visits import looks
from service.visits import repository as visits_repository
from service.visits.loading import LoadedVisit, load_visit
from service.web.decoding import to_json

from . import customers, inventory

STAMP = (1980, 1, 1, 0, 0, 0)


class ExportedPerson(msgspec.Struct, frozen=True):
    """A person of the utility, as customers know them."""

    name: str
    badge: str


async def export_customer(ctx: AppContext, text: str, by: str, why: str) -> bytes:
    """The ZIP file with all visits of the customer with this telephone, name or account. NotFound if there is none."""
    found = await customers.find(ctx, text)
    if not found:
        raise NotFound
    return await export_visits(ctx, [UUID(one.visit) for one in found], by, why)


async def export_visits(ctx: AppContext, ids: list[UUID], by: str, why: str) -> bytes:
    """The ZIP file with these visits, each of which notes who copied it and why."""
    await _note(ctx, ids, by, why)
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for visit_id in ids:
            content, files = await _read(ctx, visit_id)
            for name in files:
                try:
                    picture = await thumbnails.get_rendition(ctx, bytes.fromhex(name))
                except Problem as problem:
                    if problem.status >= 500:
                        raise
                    continue  # one that cannot be shown, or never came
                archive.writestr(ZipInfo(f"{visit_id}/{name}.jpg", STAMP), picture)
            archive.writestr(ZipInfo(f"{visit_id}/visit.json", STAMP), msgspec.json.format(to_json(content), indent=2))
        about = [
            {"zh": kind.zh, "en": kind.en, "purpose": kind.purpose, "ground": kind.ground, "who": kind.who}
            for kind in inventory.kinds()
            if kind.customers
        ]
        archive.writestr(ZipInfo("about.json", STAMP), msgspec.json.format(to_json(about), indent=2))
    return out.getvalue()


@transaction
async def _note(ctx: AppContext, tx: Transaction, ids: list[UUID], by: str, why: str) -> None:
    for visit_id in ids:
        await looks.write(ctx, tx, ctx.new_id(), by, visit_id, f"导出 / exported: {why}")


@read_only
async def _read(ctx: AppContext, tx: Transaction, visit_id: UUID) -> tuple[dict[str, Any], list[str]]:
    row = await visits_repository.get_visit(tx, visit_id)
    if row is None:
        raise NotFound
    visit = await load_visit(ctx, tx, row)
    people = {login: await _person(tx, login) for login in sorted(visit.plan_history.ever_assigned)}
    messages = [
        {
            "at": ctx.to_local_time(one.created_at),
            "about": one.about,
            "channel": one.channel,
            "to": one.recipient,
            "text": one.text,
            "state": one.state,
        }
        for one in await outbox.messages_of(tx, visit_id)
    ]
    return {
        "visit": str(visit_id),
        "planned": visit.original_plan.window,
        "plan": {
            "type": visit.plan.type,
            "window": visit.plan.window,
            "customer": visit.plan.customer,
            "work": visit.plan.work,
            "external_ref": visit.plan.external_ref,
        },
        "changes": [
            {"at": change.at, "kind": change.kind, "old": _customers(change.old), "new": _customers(change.new)}
            for change in visit.plan_history.trail
        ],
        "technicians": list(people.values()),
        "entries": visit.merged.entries,
        "answers": _answers(ctx, visit),
        "messages": messages,
        "verdict": visit.evaluate_at().verdict,
    }, sorted({name for files in visit.referenced_files for name in files})


def _customers(parts: dict[str, Any]) -> dict[str, Any]:
    """What a change said of the customer and the time, without people of the utility."""
    return {name: part for name, part in parts.items() if name in ("customer", "work", "window", "external_ref")}


def _answers(ctx: AppContext, visit: LoadedVisit) -> list[dict[str, Any]]:
    """What the customer answered on their page, and from which kind of browser."""
    return [
        {"at": ctx.to_local_time(row.received_at), "entries": answer.entries, "browser": answer.agent}
        for row, answer in visit.customer_responses
    ]


async def _person(tx: Transaction, login: str) -> ExportedPerson:
    card = await cards.get_card(tx, login)
    name = "" if card is None else card.name
    return ExportedPerson(f"{name[:1]}*" if name else "*", "" if card is None else card.badge)
