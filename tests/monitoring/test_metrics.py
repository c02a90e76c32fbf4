"""Metrics: true, for Prometheus only, and with the names that the board and the alerts ask for."""

import re
from pathlib import Path

import msgspec
import yaml
from prometheus_client.parser import text_string_to_metric_families

from service.audit_log import checkpoints
from service.monitoring import metrics
from service.monitoring.last_backup import LAST_BACKUP, LastBackup
from service.transparency import pushing
from tests.support.api_client import RECORD, World, record
from tests.support.factories import uid
from tests.support.fake_gateway import set_up
from tests.support.log_growth import grow

SECRET = "a secret of the monitor"
BEARER = {"authorization": f"Bearer {SECRET}"}
DEPLOY = Path(__file__).parents[2] / "deploy" / "monitoring"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(world: World) -> Samples:
    """All samples."""
    world.ctx.metrics_secret = SECRET
    answer = await world.client.get("/metrics", headers=BEARER)
    assert (answer.status_code, answer.headers["content-type"][:10]) == (200, "text/plain"), answer.text
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"doorstep_{name}", frozenset(labels.items())), 0)


async def test_without_the_secret_there_is_nothing_to_see(world: World):
    assert (await world.client.get("/metrics", headers=BEARER)).status_code == 404
    world.ctx.metrics_secret = SECRET
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {SECRET}"}):
        answer = await world.client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    openmetrics = await world.client.get("/metrics", headers=BEARER | {"accept": "application/openmetrics-text"})
    assert openmetrics.text.endswith("# EOF\n")


async def test_requests_and_records_are_counted_by_what_became_of_them(world: World):
    await world.plan()
    before = await scrape(world)
    assert (await world.submit(record())).status_code == 201
    assert (await world.submit(record())).status_code == 200
    assert (await world.submit(record(checklist="onsite@99"), uid("other"))).status_code == 422
    await world.client.request("BREW", "/v1/records/1")
    after = await scrape(world)

    def rise(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert [rise("records_total", outcome=one) for one in ("stored", "repeated", "refused")] == [1, 1, 1]
    route = "/v1/records/{record_id}"
    assert [rise("http_requests_total", method="PUT", route=route, status=one) for one in ("201", "200", "422")] == [
        1
    ] * 3
    assert rise("http_request_seconds_count", route=route) == 3
    assert rise("commit_seconds_count") >= 3
    assert rise("commit_functions_total") >= rise("commit_seconds_count")
    assert not any(str(RECORD) in label for _, labels in after for _, label in labels)  # no ids, which grow for ever


async def test_what_waits_is_counted_and_its_age_told(world: World):
    empty = await scrape(world)
    assert [value(empty, one) for one in ("outbox_messages", "quarantine_inputs", "duties_open")] == [0, 0, 0]
    set_up(world.ctx, "07:00")
    await world.plan()
    assert (await world.submit(b"not json")).status_code == 400
    sent = await world.ask("zhao", "POST", f"/v1/visits/{record()['visit']}/notice", {"channel": "sms"})
    assert sent.status_code == 201, sent.text
    clock = world.ctx.clock
    world.ctx.clock = lambda: clock() + 90_000
    later = await scrape(world)
    assert (value(later, "outbox_messages"), value(later, "outbox_oldest_seconds")) == (1, 90)
    assert (value(later, "quarantine_inputs"), value(later, "quarantine_oldest_seconds")) == (1, 90)
    assert value(later, "log_leaves_unnumbered") > 0 < value(later, "disk_free_bytes")
    row = await metrics.read_backlog(world.ctx)
    assert (row.duties, row.next_duty, row.last_leaf) == (0, None, None)


async def test_a_mailbox_that_gets_its_daily_mail_raises_no_alarm_and_one_that_does_not_does(world: World):
    post = set_up(world.ctx, "08:00")
    world.ctx.checkpoint_targets = ("mailto:a@example.org", "mailto:b@example.org")
    start, ages = world.ctx.clock(), []
    for hours in range(0, 78, 3):
        world.ctx.clock = lambda hours=hours: start + hours * 3_600_000
        post.trouble = OSError() if hours >= 48 else None
        await grow(world.ctx, 1)
        await pushing.push_due(world.ctx)
        samples = await scrape(world)
        ages.append(value(samples, "checkpoint_push_oldest_seconds", target="mail") / 3600)
        assert (value(samples, "checkpoint_push_behind_leaves", target="mail") > 0) == bool(hours % 24 or hours >= 48)
    assert max(ages[:16]) == 18  # of what was signed three hours after the mail
    assert ages[-1] == 75 - 27
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    (rule,) = [rule["expr"] for rule in rules if "checkpoint_push" in rule["expr"]]
    assert rule == "doorstep_checkpoint_push_oldest_seconds > 26 * 3600"


async def test_a_file_of_checkpoints_that_cannot_be_written_is_seen(world: World):
    await checkpoints.settle(world.ctx)
    file = checkpoints.file_of(world.ctx)
    kept = file.read_bytes()
    file.unlink()
    file.mkdir()
    await grow(world.ctx, 1)
    samples = await scrape(world)
    assert (value(samples, "checkpoint_unkept"), value(samples, "checkpoint_refused")) == (1, 0)
    file.rmdir()
    file.write_bytes(kept)
    await checkpoints.settle(world.ctx)
    assert value(await scrape(world), "checkpoint_unkept") == 0


async def let_there_be_everything(world: World) -> None:
    """What the gauges tell of that are absent otherwise."""
    await world.submit(record())
    world.ctx.checkpoint_targets = ("mailto:office@example.com",)
    await checkpoints.settle(world.ctx)
    backup = LastBackup("/backups/1", world.ctx.now(), sound=True)
    (world.ctx.evidence_storage.data / LAST_BACKUP).write_bytes(msgspec.json.encode(backup))


async def test_every_metric_is_explained_in_both_languages_and_no_other(world: World):
    await let_there_be_everything(world)
    world.ctx.metrics_secret = SECRET
    text = (await world.client.get("/metrics", headers=BEARER)).text
    exported = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    assert len(exported) > 35
    for name in ("monitoring.md", "monitoring.en.md"):
        rows = re.findall(r"^\| (`.*?) \|", (DEPLOY.parents[1] / "docs" / name).read_text("utf-8"), re.MULTILINE)
        explained = [metric for row in rows for metric in re.findall(r"`(\w+)`", row)]
        assert sorted(explained) == sorted(exported), name


async def test_the_board_and_the_alerts_ask_for_what_there_is(world: World):
    await let_there_be_everything(world)
    known = {name for name, _ in await scrape(world)} | {"up"}
    known |= {f"doorstep_{name}_total" for name in ("message_attempts", "webhook_attempts", "defects")}
    board = msgspec.json.decode((DEPLOY / "grafana.json").read_bytes())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    alerts = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    named = {
        name
        for text in (*asked, *(rule["expr"] for rule in alerts))
        for name in re.findall(r"\b(?:doorstep|process)_\w+|\bup\b", text)
    }
    assert len(named) > 20
    assert named - known == set()
    assert {"doorstep_outbox_oldest_seconds", "doorstep_duties_overdue"} <= named
    assert all(rule["annotations"].keys() == {"summary", "action"} for rule in alerts)
