"""What Prometheus reads: the counters of this process, and what waits in the database, of which all processes say the
same."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
from prometheus_client import Metric, exposition
from prometheus_client.core import GaugeMetricFamily

from service.context import AppContext, read_only
from service.db.database import Transaction
from service.db.rows import fetch_struct
from service.errors import NotFound, PermissionDenied
from service.measurements import REGISTRY
from service.transparency.pushing import PushState, push_states
from service.web.request_info import is_bearer

from .last_backup import read_last_backup


class Backlog(msgspec.Struct, frozen=True):
    """What waits: how much, and since or until when (ms UTC; None: nothing does)."""

    messages: int
    oldest_message: int | None
    duty_mails: int
    webhooks: int
    oldest_webhook: int | None
    quarantined: int
    oldest_quarantined: int | None
    unnumbered_leaves: int
    oldest_unnumbered_leaf: int | None
    last_leaf: int | None
    last_checkpoint: int | None
    duties: int
    overdue_duties: int
    next_duty: int | None
    queued_visits: int
    most_urgent: int | None


def require_scraper(ctx: AppContext, authorization: str) -> None:
    """NotFound without a secret in the settings; PermissionDenied unless it is the bearer token."""
    secret = ctx.metrics_secret
    if not secret:
        raise NotFound
    if not is_bearer(authorization, secret):
        raise PermissionDenied(
            "请用 Authorization: Bearer 带上密钥 / send the secret of DOORSTEP_METRICS as Authorization: Bearer"
        )


def _free_bytes(folder: Path) -> int:
    while not folder.exists():  # with PostgreSQL and a bucket nothing may have been written into it yet
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _last_backup(ctx: AppContext) -> float | None:
    """When the last backup ended, if it is sound (s)."""
    try:
        last = read_last_backup(ctx.evidence_storage.data)
    except (OSError, msgspec.DecodeError):
        return None
    return last.ended_at.timestamp() if last is not None and last.sound else None


async def exposition_of(ctx: AppContext, accept: str) -> tuple[bytes, str]:
    """Everything, and its media type: the text format of Prometheus or OpenMetrics."""
    encode, media_type = exposition.choose_encoder(accept)
    return encode(_Snapshot(ctx, await read_backlog(ctx), await push_states(ctx))), media_type


@read_only
async def read_backlog(ctx: AppContext, tx: Transaction) -> Backlog:
    """What waits now."""
    found = await fetch_struct(tx, Backlog, "backlog", now=ctx.clock())
    assert found is not None  # noqa: S101 - it has no FROM
    return found


class _Snapshot:
    """The counters of the process together with gauges made for one answer."""

    def __init__(self, ctx: AppContext, backlog: Backlog, pushes: list[PushState]) -> None:
        self._ctx, self._backlog, self._pushes = ctx, backlog, pushes

    def collect(self) -> Iterator[Metric]:
        """All of them, as an encoder asks for them."""
        yield from REGISTRY.collect()
        for name, text, value in self._gauges():
            yield GaugeMetricFamily(f"doorstep_{name}", text, value)
        yield from self._push_gauges()

    def _push_gauges(self) -> Iterator[Metric]:
        name, labels = "doorstep_checkpoint_push", ["target"]
        behind = GaugeMetricFamily(f"{name}_behind_leaves", "Signed leaves that a target lacks.", labels=labels)
        oldest = GaugeMetricFamily(f"{name}_oldest_seconds", "Age of the first checkpoint of them.", labels=labels)
        for target in dict.fromkeys(push.target for push in self._pushes):  # several mailboxes have one name
            pushes = [push for push in self._pushes if push.target == target]
            behind.add_metric([target], max(push.behind for push in pushes))
            oldest.add_metric([target], max(push.waiting for push in pushes))
        yield behind
        yield oldest

    def _gauges(self) -> Iterator[tuple[str, str, float]]:
        waiting, now = self._backlog, self._ctx.clock()

        def age(since: int | None) -> float:
            return 0 if since is None else max(0, now - since) / 1000

        yield "outbox_messages", "Messages to customers that wait to be handed to a gateway.", waiting.messages
        yield "outbox_oldest_seconds", "Age of the oldest of them.", age(waiting.oldest_message)
        yield "duty_mails_waiting", "Daily mails about duties that wait.", waiting.duty_mails
        yield "webhook_deliveries_waiting", "Deliveries of events that wait.", waiting.webhooks
        yield "webhook_oldest_seconds", "Age of the oldest event that waits.", age(waiting.oldest_webhook)
        yield "quarantine_inputs", "Inputs of phones that wait for a supervisor's decision.", waiting.quarantined
        yield "quarantine_oldest_seconds", "Age of the oldest of them.", age(waiting.oldest_quarantined)
        yield (
            "log_leaves",
            "Leaves of the log that have a number.",
            0 if waiting.last_leaf is None else waiting.last_leaf + 1,
        )
        yield "log_leaves_unnumbered", "Leaves that wait for their number.", waiting.unnumbered_leaves
        yield "log_unnumbered_oldest_seconds", "Age of the oldest of them.", age(waiting.oldest_unnumbered_leaf)
        yield "checkpoint_seconds", "Age of the last signed checkpoint of the log.", age(waiting.last_checkpoint)
        health = self._ctx.log_health
        refused, unkept = bool(health.refused), bool(health.unkept)
        yield "checkpoint_refused", "1 while the log is not signed because it is not what was signed before.", refused
        yield (
            "checkpoint_unkept",
            "1 while the file of checkpoints cannot be written: none is shown or sent.",
            unkept,
        )
        yield "duties_open", "Duties to customers that are open.", waiting.duties
        yield "duties_overdue", "Those whose date has passed.", waiting.overdue_duties
        yield "duties_most_overdue_seconds", "How long the most overdue of them is.", age(waiting.next_duty)
        yield "review_queue_visits", "Visits that call for a supervisor.", waiting.queued_visits
        yield "review_queue_most_urgent_seconds", "How long the most urgent of them is due.", age(waiting.most_urgent)
        yield "write_queue_functions", "Functions that wait for a transaction, in this process.", self._ctx.db.waiting
        yield "uploads_active", "Uploads that are receiving bytes, in this process.", len(self._ctx.active_uploads)
        if (ended_at := _last_backup(self._ctx)) is not None:
            yield "backup_seconds", "Age of the last backup that is sound.", max(0, now / 1000 - ended_at)
        yield "disk_free_bytes", "Free space where the data is.", _free_bytes(self._ctx.evidence_storage.data)
