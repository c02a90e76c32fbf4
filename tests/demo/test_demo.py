"""What a newcomer is shown fits the hour at which they look, and stays when they look again."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import msgspec
import pytest

from service import errors
from service.accounts import credentials, repository
from service.accounts.authentication import token_digest
from service.accounts.validation import NewPerson
from service.app import create_app
from service.config.settings import Settings
from service.context import AppContext
from service.demo import acts, pictures, scenes, seed, town
from service.demo.people import NotADemonstration, add_people
from service.dispatch import listing
from service.dispatch.marks import OVER, clashing
from service.dispatch.views import VisitListItem
from service.lifecycle import build_context, open_context
from service.messages import automatic, worker
from service.privacy import commands
from service.records import quarantine
from service.reviews import queue
from service.staff.people import create_person
from service.verify import log
from tests.support.customer_browser import Page
from tests.support.endurance import ENGINES
from tests.support.fake_gateway import stand

TODAY = datetime.fromisoformat("2026-11-27T11:20:00+08:00")  # a Friday


@asynccontextmanager
async def opened(address: str, folder: Path) -> AsyncIterator[AppContext]:
    """A utility without anything in it."""
    async with open_context(build_context(Settings(data=folder, database=address))) as ctx:
        yield ctx


@pytest.fixture
def small_town(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only today's visits, and the scenes."""
    monkeypatch.setattr(town, "DAYS_BEFORE", 0)
    monkeypatch.setattr(town, "DAYS_AHEAD", 0)


async def test_nothing_is_added_to_a_utility_with_people_of_its_own(address: str, tmp_path: Path) -> None:
    async with opened(address, tmp_path) as ctx:
        await create_person(ctx, NewPerson("gao", "高女士", ("admin",)), with_token=False)
        with pytest.raises(NotADemonstration):
            await add_people(ctx)
        assert [row.person.login for row in await ctx.db.read(lambda tx: repository.page(tx, "", 9))] == ["gao"]


async def test_each_start_replaces_the_tokens_of_the_one_before(address: str, tmp_path: Path) -> None:
    async with opened(address, tmp_path) as ctx:
        first, second = await add_people(ctx), await add_people(ctx)
        rows = await ctx.db.read(lambda tx: credentials.living_tokens(tx, "li"))
        assert [row.digest for row in rows] == [token_digest(second["li"].token)]
        assert first["li"].token != second["li"].token
        await create_person(ctx, NewPerson("new", "新人", ("technician",), ("城东",)), with_token=False)
        await add_people(ctx)  # a demonstration stays one, whoever was added to it


async def test_a_demonstration_that_somebody_left_does_not_go_on(address: str, tmp_path: Path) -> None:
    async with opened(address, tmp_path) as ctx:
        await add_people(ctx)
        await ctx.db.write(lambda tx: repository.deactivate(tx, "zhou", ctx.clock()))
        with pytest.raises(NotADemonstration, match="zhou 已离职"):
            await add_people(ctx)


@pytest.mark.usefixtures("small_town")
async def test_what_was_erased_is_not_shown_again(tmp_path: Path) -> None:
    async with opened("", tmp_path) as ctx:
        stand(ctx, TODAY)
        shown = await seed.seed(ctx)
        for one in await visits_of(ctx, shown):
            await commands.erase_visit(ctx, one.id, "console", "试删", dry_run=False)
        again = await seed.seed(ctx)
        assert again.to_sign != shown.to_sign
        assert len(await visits_of(ctx, again)) == 3  # those to try things with
        assert (await log.verify(ctx)).faults == []


@pytest.mark.usefixtures("small_town")
@pytest.mark.parametrize(
    ("engine", "hour"),
    [("sqlite", "00:10"), ("postgres", "07:45"), ("sqlite", "13:20"), ("postgres", "17:40"), ("sqlite", "23:59")],
)
async def test_the_visits_of_the_demonstration_are_before_and_after_now(
    address: str, hour: str, tmp_path: Path
) -> None:
    async with opened(address, tmp_path) as ctx:
        stand(ctx, hour)
        first, shown = await seed.seed(ctx), await seed.seed(ctx)  # repeating is harmless
        assert first.record == shown.record
        assert await states(ctx, shown, "under_way")
        transport = httpx.ASGITransport(create_app(ctx, 2**20))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as client:

            def ask(who: str) -> dict[str, Any]:
                return {"authorization": f"Bearer {shown.tokens[who]}", "content-type": "application/json"}

            html = (await client.get(f"/c/{shown.link.rpartition('/')[2]}")).text
            for does in ("appointment", "another-time"):  # he may agree, and he may ask for another time
                window = datetime.fromisoformat(Page(html).form(does=does).fields["window"])
                assert (window > ctx.now(), window.minute % 30, window.second) == (True, 0, 0)
                assert 8 <= window.hour < 18
            assert "拨打热线" in html
            while await automatic.send_owed(ctx) or await worker.deliver_due(ctx):
                pass  # what a server that is started does within seconds
            assert (await client.get(f"/c/{shown.to_sign.rpartition('/')[2]}")).status_code == 200
            sent = await client.put(f"/v1/records/{shown.record}", content=shown.body, headers=ask("li"))
            assert sent.status_code == 201
            codes = {one["code"] for one in sent.json()["findings"]}
            assert "order.entry_consent.before.entered" in codes
            assert "late.arrival_in_window" not in codes
            visit = msgspec.json.decode(shown.body)["visit"]
            judged = await client.get(f"/v1/visits/{visit}/judgement", headers=ask("wang"))
            assert judged.json()["verdict"] == "non_compliant"  # all of it has happened: nothing is in the future
            assert {one["code"] for one in judged.json()["findings"]} == codes


@pytest.mark.parametrize("engine", ENGINES)
async def test_the_town_is_lively_and_looking_again_changes_nothing(address: str, tmp_path: Path) -> None:
    async with opened(address, tmp_path) as ctx:
        stand(ctx, TODAY)
        shown = await seed.seed(ctx)
        visits = await visits_of(ctx, shown)
        assert 250 < len(visits) < 350
        found = Counter(one.state for one in visits)
        for state, least in (("planned", 80), ("to_review", 40), ("closed", 40), ("cancelled", 5), ("returned", 1)):
            assert found[state] >= least
        assert found["under_way"] > 1
        flags = Counter(flag for one in visits for flag in one.flags)
        for flag in "absent answered asked_time complaint open_duties notice_due agreed not_agreed".split():
            assert flags[flag], flag
        people = {one.technician for one in visits}
        assert (len(people), len({one.area for one in visits})) == (8, 3)
        assert len({one.customer.name[0] for one in visits}) > 40
        counts = Counter[str]()
        for who in ("wang", "feng"):
            page = await queue.list_queue(ctx, token_digest(shown.tokens[who]), queue.QueueFilter())
            counts.update(page.counts)
        for reason in "violation complaint overdue_duty void_signature refused no_record explanation".split():
            assert counts[reason], reason
        assert 10 < sum(counts.values()) < 40  # what a supervisor can decide in a morning
        assert counts["missing_files"] == flags["awaiting_evidence"] == 1
        booked = [(UUID(one.id), one.window, (one.technician, *one.crew)) for one in visits if one.state not in OVER]
        double = clashing((one, window, people) for one, window, people in booked if window is not None)
        found_on = [one.window.start.date() for one in visits if one.window is not None and UUID(one.id) in double]
        assert found_on == [TODAY.date() + timedelta(days=1)] * 2, "one overlap, and it is meant"
        assert flags["clock"] == 0
        assert (await log.verify(ctx)).faults == []
        await look_again(ctx, visits)


async def look_again(ctx: AppContext, before: list[VisitListItem]) -> None:
    """Looking again changes nothing, and another day goes on."""
    again = await visits_of(ctx, await seed.seed(ctx))
    assert again == before
    stand(ctx, TODAY + timedelta(days=1))
    shown = await seed.seed(ctx)
    after = {one.id: one for one in await visits_of(ctx, shown)}
    assert len(after) > len(before)
    finished = [one for one in before if one.state in ("closed", "cancelled", "returned")]
    assert [after[one.id] for one in finished] == finished
    went_on = [one for one in before if one.state == "planned" and after[one.id].state == "to_review"]
    assert len(went_on) > 10
    assert (await log.verify(ctx)).faults == []


@pytest.mark.usefixtures("small_town")
async def test_a_visit_that_somebody_changed_is_left_alone(address: str, tmp_path: Path) -> None:
    async with opened(address, tmp_path) as ctx:
        stand(ctx, TODAY)
        shown = await seed.seed(ctx)
        now = ctx.now()
        ahead = [one for one in await visits_of(ctx, shown) if one.state == "planned" and one.window.start > now]
        moved, cancelled = (one for one in ahead if one.technician == "li" and one.external_ref and one.revision == 0)
        actors = acts.Actors(ctx, {login: token_digest(token) for login, token in shown.tokens.items()})
        window = {"from": "2026-12-10T09:00:00+08:00", "to": "2026-12-10T10:00:00+08:00"}
        await acts.change(actors, "zhao", UUID(moved.id), "window", **window, reason="客户出门")
        await acts.change(actors, "zhao", UUID(cancelled.id), "cancellation", reason="退单")
        stand(ctx, TODAY + timedelta(days=1))
        after = {one.id: one for one in await visits_of(ctx, await seed.seed(ctx))}
        assert (after[moved.id].state, after[moved.id].revision) == ("planned", 1)
        assert after[cancelled.id].state == "cancelled"


def told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration of another version: the same visits with other texts, times, entries and pictures."""
    plan_for, timed_entries, jobs = seed._plan_for, seed._timed_entries, dict(town.JOBS)
    monkeypatch.setattr(pictures, "IMAGE_SIZE", (1100, 900))
    monkeypatch.setattr(seed, "_timed_entries", lambda *given: timed_entries(*given)[1:-1])
    monkeypatch.setattr(
        seed, "_plan_for", lambda name: {**plan_for(name), "work": {"content": "检修", "place": "厨房"}}
    )
    monkeypatch.setattr(town, "JOBS", dict.fromkeys(jobs, (("检修", "厨房"),)))
    monkeypatch.setattr(scenes, "EVENING", scenes.EVENING.replace(minute=15))


def named_without_content(*content: Any) -> UUID:
    """How ids must not be made: the day, the work order or the entry alone."""
    first = content[0]
    if isinstance(first, dict):
        return uuid5(NAMESPACE_URL, f"{first.get('window')} {first['customer']['name']}")
    last = content[-1]
    return uuid5(NAMESPACE_URL, f"{first} {last['what'] if isinstance(last, dict) else 'record'}")


@pytest.mark.usefixtures("small_town")
@pytest.mark.parametrize("named", ["by content", "without"])
async def test_what_another_version_told_stays_and_does_no_harm(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    async with opened(address, tmp_path) as ctx:
        stand(ctx, "13:20")
        if named == "without":
            for module in (acts, seed.acts):
                monkeypatch.setattr(module, "stable_id", named_without_content)
        with monkeypatch.context() as patched:
            told_otherwise(patched)
            if named == "without":
                patched.setattr(seed, "_town", nothing)
            await seed.seed(ctx)
            before = {one.id for one in await visits_of(ctx, await seed.seed(ctx))}
        if named == "without":
            monkeypatch.setattr(seed, "_town", nothing)
            with pytest.raises(errors.Problem):
                await seed.seed(ctx)
            return
        shown = await seed.seed(ctx)
        after = {one.id for one in await visits_of(ctx, shown)}
        assert before < after
        again = await seed.seed(ctx)
        assert again.record == shown.record
        shown = again
        assert {one.id for one in await visits_of(ctx, shown)} == after
        kept = await quarantine.list_quarantined(ctx, token_digest(shown.tokens["wang"]), None)
        refused = [one.code for one in kept.items]
        assert refused == ["unknown-checklist"] * 2, "one of each version, however often it is seeded"


async def nothing(_: Any) -> None:
    """A town without visits."""


async def states(ctx: AppContext, shown: seed.Demo, state: str) -> list[VisitListItem]:
    return [one for one in await visits_of(ctx, shown) if one.state == state]


async def visits_of(ctx: AppContext, shown: seed.Demo) -> list[VisitListItem]:
    """All visits, as the two dispatchers see them."""
    found: dict[str, VisitListItem] = {}
    for who in ("zhao", "zheng"):
        query: dict[str, str] = {}
        while True:
            page = await listing.list_visits(ctx, token_digest(shown.tokens[who]), query)
            assert page.unreadable == ()
            found |= {one.id: one for one in page.items}
            if page.after is None:
                break
            query = {"after": page.after}
    return sorted(found.values(), key=lambda one: one.id)


@pytest.mark.usefixtures("small_town")
async def test_who_agreed_was_told_before(address: str, tmp_path: Path) -> None:
    async with opened(address, tmp_path) as ctx:
        stand(ctx, TODAY)
        visits = await visits_of(ctx, await seed.seed(ctx))
    agreed = [one for one in visits if "agreed" in one.flags and not one.revision]  # a moved one: by telephone
    assert len(agreed) > 5
    assert [one.external_ref for one in agreed if "notice_due" in one.flags] == []
