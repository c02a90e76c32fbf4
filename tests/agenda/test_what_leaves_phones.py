"""What is closed, or over for long, leaves the phones; what still needs its technician stays."""

from service.reviews import refresh
from service.visits.status import PHONE_DAYS
from tests.support.api_client import VISIT, World, record
from tests.support.factories import said, uid
from tests.support.reviews import close, later, review_of, state_of

PATH = f"/v1/visits/{VISIT}"


class Phone:
    """The visits on technician 李's phone."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cursor = ""
        self.visits: dict[str, dict[str, object]] = {}
        self.gone: list[str] = []

    async def sync(self) -> set[str]:
        await refresh_all(self.world)
        answer = (await self.world.ask("li", "GET", f"/v1/agenda{self.cursor and '?since=' + self.cursor}")).json()
        assert not answer["more"]
        self.visits = ({} if answer["full"] else self.visits) | {visit["id"]: visit for visit in answer["visits"]}
        self.gone = answer["gone"]
        for visit in self.gone:
            self.visits.pop(visit, None)
        self.cursor = answer["cursor"]
        return set(self.visits)


async def refresh_all(world: World) -> None:
    while await refresh.refresh_due(world.ctx):
        pass


async def done(world: World, *more: dict[str, object]) -> None:
    await world.plan()
    entries = [said("09:05", "arrived"), said("09:06", "entered"), *more, said("09:40", "left")]
    assert (await world.submit({**record(), "entries": entries})).status_code == 201


async def test_a_closed_visit_leaves_the_phone(world: World) -> None:
    phone = Phone(world)
    await done(world)
    assert await phone.sync() == {str(VISIT)}
    assert (await close(world))["state"] == "closed"
    assert await phone.sync() == set()
    assert phone.gone == [str(VISIT)]
    assert await Phone(world).sync() == set()


async def test_a_visit_that_nobody_reviews_leaves_after_some_days_although_nothing_is_written(world: World) -> None:
    phone = Phone(world)
    await done(world)
    await phone.sync()
    later(world, days=PHONE_DAYS - 1)
    assert await phone.sync() == {str(VISIT)}
    later(world, days=1.5)
    assert await state_of(world) == "to_review"
    assert await phone.sync() == set()


async def test_a_planned_visit_and_one_with_open_duties_stay(world: World) -> None:
    phone = Phone(world)
    await done(world, said("09:20", "own_damage", thing="tile", label="瓷砖"))
    planned = uid("planned")
    await world.plan(planned)
    later(world, days=PHONE_DAYS + 30)
    assert await phone.sync() == {str(VISIT), str(planned)}
    assert await Phone(world).sync() == {str(VISIT), str(planned)}


async def test_a_question_brings_a_visit_back_until_it_is_answered(world: World) -> None:
    phone = Phone(world)
    await done(world)
    await phone.sync()
    later(world, days=PHONE_DAYS + 1)
    assert await phone.sync() == set()
    shown, _ = await review_of(world)
    finding = shown["findings"][0]["finding"]["code"]
    asked = {"finding": finding, "text": "为什么？"}
    assert (await world.ask("wang", "PUT", f"{PATH}/inquiries/{uid('q')}", asked)).status_code < 300
    for one in (phone, Phone(world)):
        assert await one.sync() == {str(VISIT)}
        (question,) = one.visits[str(VISIT)]["inquiries"]  # type: ignore[misc]
        assert (question["id"], question["finding"], question["text"]) == (str(uid("q")), finding, "为什么？")
    answer = {"finding": finding, "text": "客户让我直接进来"}
    assert (await world.ask("li", "PUT", f"{PATH}/explanations/{uid('a')}", answer)).status_code < 300
    assert await phone.sync() == set()
    assert await Phone(world).sync() == set()
