"""Delivery reports (状态报告): what a gateway says has become of messages."""

from hmac import compare_digest, digest
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import PermissionDenied
from service.judge.bounds import LineText
from service.visits import repository as visits_repository
from service.visits.loading import load_visit
from service.visits.status import recompute_after_message
from service.web.request_info import is_bearer

from . import outbox
from .outbox import ReportedState
from .worker import confirm_delivery

MAX_REPORTS = 50


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message."""

    id: Annotated[UUID, Meta(description="The id of the message, as the gateway got it.")]
    state: Annotated[
        ReportedState,
        Meta(description="`taken`: on its way; `delivered`: the customer has it; `failed`: it will not arrive."),
    ]
    reason: Annotated[LineText, Meta(description="The gateway's or the network's code or words.")] = ""


class DeliveryReports(msgspec.Struct, frozen=True):
    """Reports of a gateway."""

    reports: Annotated[
        tuple[DeliveryReport, ...], Meta(min_length=1, max_length=MAX_REPORTS, description="In their order.")
    ]


class ReportsTaken(msgspec.Struct, frozen=True):
    """How many of the reports said something new."""

    recorded: Annotated[int, Meta(description="Reports that changed something.")]
    ignored: Annotated[int, Meta(description="Repetitions, late ones, and reports about unknown messages.")]


def require_gateway(ctx: AppContext, authorization: str, signature: str, body: bytes) -> None:
    """PermissionDenied unless the secret of the gateway is the bearer token, or signs the body (HMAC-SHA-256, hex)."""
    secret = ctx.company.report_secret.encode()
    is_token = is_bearer(authorization, ctx.company.report_secret)
    is_signed = compare_digest(signature.strip().lower().encode(), digest(secret, body, "sha256").hex().encode())
    if not secret or not (is_token or is_signed):
        raise PermissionDenied("send the secret as Authorization: Bearer, or X-Signature with the HMAC of the body")


async def take_reports(ctx: AppContext, reports: DeliveryReports) -> ReportsTaken:
    """Record reports, each in its own transaction. Repetitions and unknown messages are ignored: a gateway that gets an
    error would send them for ever."""
    recorded = sum([await _take(ctx, one) for one in reports.reports])
    return ReportsTaken(recorded, len(reports.reports) - recorded)


@transaction
async def _take(ctx: AppContext, tx: Transaction, report: DeliveryReport) -> bool:
    row = await outbox.message(tx, report.id)
    if row is None or row.channel == "phone":
        return False
    visit = await visits_repository.lock_visit(tx, row.visit)  # before the message: the lock order
    if not await outbox.record_report(tx, row.id, ctx.clock(), report.state, report.reason):
        return False
    if row.about == "code" or visit is None:
        return True
    if report.state == "delivered":
        await confirm_delivery(ctx, tx, visit, row.id)
    else:
        await recompute_after_message(tx, await load_visit(ctx, tx, visit))
    return True
