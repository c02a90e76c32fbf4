"""The six example visits to their end: carried out through the screens of the app without a network, by the taps of
`taps.mjs`, while tab and browser are killed; sent, confirmed by the customer, reviewed and closed."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from playwright.async_api import Page

from service.reviews import refresh
from tests.support import nodejs
from tests.support.api_client import World
from tests.support.customer import Customer
from tests.support.endurance import IS_LONG
from tests.support.example_visits import FOLDER, NAMES
from tests.support.phone_app import PhoneApp, agree, draw, open_phone, plan_today, scan
from tests.support.reviews import close, later, reasons, state_of

TIMED = {"late.id_shown"}
"""What depends on how long a visit takes; here it takes less than a minute."""
TAPS = {"S01": 17, "S04": 32, "S04R": 32, "S05": 31, "S07": 19, "S08": 52}
"""At most, with those that read a warning."""


async def taps_of(name: str) -> list[Any]:
    """The taps of an example visit."""
    path = (Path(__file__).parent / "taps.mjs").as_uri()
    program = f"import({path!r}).then(({{ TAPS }}) => console.log(JSON.stringify(TAPS[{name!r}])))"
    process = await asyncio.create_subprocess_exec(nodejs.node(), "-e", program, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return json.loads(out)


AT_VISIT = "(document.querySelector('.stage') || document.querySelector('h1')?.textContent === '离开前核对')"


class Technician:
    """Taps what the script says, on the screens that are there."""

    def __init__(self, app: PhoneApp, visit: Any) -> None:
        self.app, self.visit = app, visit
        self.things: dict[str, str] = {}
        self.killed = 0

    @property
    def page(self) -> Page:
        return self.app.page

    async def killed_by(self, end: Callable[[], Awaitable[None]]) -> None:
        """The tab or the browser ends; all that was tapped and filled in is there again, on the same screen."""
        before = await self.app.kept(self.visit)
        await end()
        for _ in range(100):  # a screen is drawn before its data has come
            if await self.app.kept(self.visit) == before:
                break
            await self.page.wait_for_timeout(50)
        assert await self.app.kept(self.visit) == before
        await self.page.locator(".top").wait_for()
        self.killed += 1

    async def at_visit(self) -> None:
        if not await self.page.locator(".stage").count() and await self.page.locator(".top .back").count():
            await self.page.locator(".top .back").tap()
        await self.page.locator(".stage").first.wait_for()

    def step(self, name: str) -> Any:
        base, _, thing = name.rstrip("]").partition("[")
        return f"{base}[{self.things[thing]}]" if thing else name

    async def tap(self, what: str, *rest: Any) -> None:
        """One line of the script."""
        if what == "raise":
            await self.happened(*rest)
        elif what == "part":
            if await self.page.locator(".stage").count():
                await self.page.locator("[data-step='leave'] .button").tap()
            await self.page.locator(".questions").wait_for()
            if await self.page.locator(".actions .main").count():
                await self.app.main("已致谢；以上都没有；离开")
            else:  # something is missing
                await self.app.tap("已向客户致谢")
                await self.app.tap("以上都没有")
                await self.page.locator(".questions").wait_for(state="detached")
                await self.app.tap("就这样离开")
            await self.page.locator(".verdict").wait_for()
        elif what == "more":
            await self.otherwise(*rest)
        else:
            await self.do(what, *rest)

    async def do(self, what: str, answers: dict[str, Any] | None = None) -> None:
        if unquote(self.page.url).endswith(f"/step/{self.step(what)}"):  # what happened has led to it
            await self.keep(answers or {})
            return
        await self.at_visit()
        row = self.page.locator(f"[data-step='{self.step(what)}']")
        await row.wait_for(state="attached")
        fold = row.locator("xpath=ancestor::details[not(@open)]")
        if await fold.count():
            await fold.locator("summary").tap()
        given = answers or {}
        if await row.locator("input[type=file]").count():  # a photo is all that it needs
            await self.app.take_photo(row.locator(".button").tap())
            await row.wait_for(state="detached")
            return
        await row.locator(".button").tap()
        await self.warned(f"!document.querySelector(`[data-step='{self.step(what)}']`)")
        if "signature" in given:
            await self.sign(given["signature"])
        elif "/step/" in await self.page.evaluate("location.hash"):  # a form has opened
            await self.keep(given)
        await self.gone(self.page.locator(f"[data-step='{self.step(what)}']"))

    async def keep(self, answers: dict[str, Any]) -> None:
        """Fill in the form that is open; the only answer needs no button to keep it."""
        await self.fill(answers)
        if list(answers) != ["fields"] or list(answers["fields"]) != ["restored_at"]:
            if not self.killed:
                await self.killed_by(self.app.kill)
            await self.app.main("记下")
        await self.warned(AT_VISIT)

    async def gone(self, row: Any) -> None:
        await self.page.locator(".stage, .verdict, h1:has-text('离开前核对')").first.wait_for()
        await row.wait_for(state="detached")

    async def warned(self, done: str) -> None:
        """Until it is `done`; what is said before about the order is read, and the truth recorded."""
        await self.page.wait_for_function(f"() => document.querySelector('dialog[open]') || {done}")
        dialog = self.page.get_by_role("dialog")
        if await dialog.count():
            await dialog.get_by_role("button", name="照实记下").tap()
        await self.page.wait_for_function(f"() => !document.querySelector('dialog') && {done}")

    async def fill(self, answers: dict[str, Any]) -> None:
        for name, value in answers.get("fields", {}).items():
            if value in CHOICES:
                choice = self.page.locator(f"fieldset[name='{name}']")
                await choice.get_by_role("button", name=CHOICES[value], exact=True).tap()
            elif name == "restored_at":
                await self.app.tap("1 小时后")
            else:
                await self.page.locator(f"input[name='{name}']").fill(str(value))
        for words in ("text", "number"):
            if words in answers:
                label = {"text": "写几句", "number": "编号"}[words]
                await self.page.get_by_label(label).fill(answers[words])
        if "photos" in answers:
            button = self.page.get_by_role("button", name="拍照")
            await self.app.take_photo(button.first.tap())
            await self.page.locator(".picture").wait_for()

    async def otherwise(self, what: str, choice: str, answers: dict[str, Any] | None = None) -> None:
        await self.at_visit()
        row = self.page.locator(f"[data-step='{self.step(what)}']")
        fold = row.locator("xpath=ancestor::details[not(@open)]")
        if await fold.count():
            await fold.locator("summary").tap()
        await row.locator(".options").tap()
        await self.page.locator(f"[data-alternative='{choice}'] .button").tap()
        if answers:
            await self.page.get_by_label("原因", exact=True).fill(answers["reason"])
            if "photos" in answers:
                await self.app.take_photo(self.page.get_by_role("button", name="拍照").tap())
                await self.page.locator(".picture").wait_for()
            await self.app.main("记下")
        await self.warned(AT_VISIT)

    async def happened(self, fact: str, answers: dict[str, Any] | None = None) -> None:
        await self.at_visit()
        await self.app.tap("别的情况")
        await self.page.locator(f"[data-fact='{fact}'] .button").tap()
        if answers:
            await self.page.get_by_label("名称").fill(answers["thing"]["label"])
            count = sum(1 for thing in self.things.values() if thing.startswith(fact))
            self.things[answers["thing"]["key"]] = f"{fact}-{count + 1}"
            await (
                self.page.locator(".actions .button")
                .nth(0 if answers.get("together") or fact == "own_damage" else 1)
                .tap()
            )
        await self.page.wait_for_url(lambda url: "/more" not in url and "/raise" not in url)
        await self.page.locator(".stage, .screen .field").first.wait_for()

    async def sign(self, signature: dict[str, str]) -> None:
        await self.page.get_by_label("签字人姓名").fill(signature["signer"])
        await self.app.tap({"adult_household_member": "成年家庭成员"}[signature["relation"]], exact=True)
        await self.app.tap("在这里签字")
        await self.page.locator(".pad canvas").wait_for()
        await draw(self.app, [(0.2, 0.3), (0.4, 0.6), (0.5, 0.3)])
        await self.app.tap("签好了")


CHOICES = {
    "glass": "表玻璃",
    "renovation": "装修碰砸",
    "agrees": "确认",
    "compensated": "已等价赔偿",
    "charged": "赔表",
    "urban_water_regulation": "《城市供水条例》",
}


async def confirm(customer: Customer) -> None:
    """The customer proves on their own phone who they are, and answers what they are asked."""
    await customer.enters()
    answers = [{"question": one["id"], "good": True} for one in (await customer.seen())["questions"]]
    assert answers
    answer = await customer.says(answers=answers)
    assert (answer.status_code, answer.json().get("level")) == (200, "own_device"), answer.text


async def finish(world: World, visit: UUID) -> None:
    """A supervisor decides what calls for a person; without anything the visit closes when its days have passed."""
    if await reasons(world, visit):
        await close(world, visit)
    else:
        later(world, days=8)
        await refresh.refresh_due(world.ctx)
    assert await state_of(world, visit=visit) == "closed"


@pytest.mark.parametrize("name", NAMES if IS_LONG else ("S04R", "S08"))
async def test_an_example_visit_goes_by_the_screens_to_its_end(sqlite_world: World, tmp_path: Path, name: str) -> None:
    world = sqlite_world
    story = json.loads((FOLDER / f"{name}.json").read_bytes())
    given = {key: story["visit"][key] for key in ("type", "assigned", "exempt_reason") if key in story["visit"]}
    visit = await plan_today(world, prepared="exempt_reason" not in given, **given)
    async with open_phone(world, profile=tmp_path) as app:
        await app.open(f"visits/{visit}")
        technician = Technician(app, visit)
        await app.page.locator(".stage").first.wait_for()
        await app.context.set_offline(True)
        began = time.monotonic()
        lines = await taps_of(name)
        for number, (_, *line) in enumerate(lines):
            await technician.tap(*line)
            if number == len(lines) // 2:
                await technician.killed_by(app.restart)
            elif number == len(lines) * 3 // 4:
                await technician.killed_by(app.kill)
        taps = await app.taps()
        print(f"{name}: {taps} taps, {time.monotonic() - began:.0f} s")  # noqa: T201 - for whoever counts
        assert taps <= TAPS[name]
        found = await agree(app, visit)
        await confirm(await scan(app, visit))
        await finish(world, visit)
    spoken = {entry["what"] for entry in story["entries"] if "says" in entry}
    expected = [one.partition(" ")[2] for one in story["expected"]["findings"]]
    for key, thing in technician.things.items():
        expected = [code.replace(f"[{key}]", f"[{thing}]") for code in expected]
    said = [code for code in expected if code not in TIMED and code.partition("disputed.")[2] not in spoken]
    assert sorted(found) == sorted(said)
