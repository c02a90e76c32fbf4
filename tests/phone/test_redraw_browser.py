"""A tap does once what was shown where it fell, and nothing half-done is lost, whenever the screen is drawn again.

The phone is slow: a sixth of this machine's speed. When something happens is told to the browser with the event's own
time, or is held back until the test lets it go on: nothing depends on how busy this machine is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from playwright.async_api import CDPSession, Locator

from tests.support.api_client import World
from tests.support.phone_app import PhoneApp, open_phone, plan_today

IMPORT = """const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { all, get, put } = await import(base + 'data/database.js');
    const { load } = await import(base + 'app/visit.js');"""
SYNC = f"""async visit => {{
    {IMPORT}
    const found = await get('visits', visit);
    const cancelled = found.view.cancelled ? null : {{ reason: '办公室说的第一句。'.repeat(12) }};
    await put('visits', {{ ...found, view: {{ ...found.view, cancelled }} }});
    await load(visit);  // whoever was told before has read it when this is done
    await load(visit);
    for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
}}"""
"""The office's word on a visit comes, or goes: everything below it moves."""
RECORDED = f"""async visit => {{
    {IMPORT}
    return (await all('entries', 'visit', visit)).map(({{ entry }}) => entry.what ?? 'withdrawn');
}}"""
WATCH = """() => {
    window.changed = window.renamed = performance.now();
    const words = () => document.querySelector('.actions .main')?.textContent;
    let was = words();
    const see = () => {
        window.changed = performance.now();
        if (was !== words()) window.renamed = window.changed;
        was = words();
    };
    new MutationObserver(see).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
HOLD_SEALS = """() => {
    const own = SubtleCrypto.prototype.sign, held = new Promise(done => { window.letGo = done; });
    SubtleCrypto.prototype.sign = async function (...given) { await held; return own.apply(this, given); };
}"""
HOLD_PHOTOS = """() => {
    const own = createImageBitmap, held = new Promise(done => { window.letGo = done; });
    window.createImageBitmap = async file => { await held; return own(file); };
}"""
NO_REST = """() => {
    window.own = setTimeout;
    window.setTimeout = (act, ms, ...given) => own(act, ms === 2000 ? 3600_000 : ms, ...given);
}"""
"""However long this machine takes, the finger is not taken for one that only rests."""
INKED = """() => {
    const canvas = document.querySelector('.pad canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, n) => n % 4 === 0 && value < 128).length;
}"""
REASONS = f"""async visit => {{
    {IMPORT}
    return (await all('entries', 'visit', visit)).map(({{ entry }}) => entry.waived?.reason ?? '');
}}"""
PHOTOS = f"""async visit => {{
    {IMPORT}
    const found = (await all('entries', 'visit', visit)).map(({{ entry }}) => entry);
    const photos = ({{ evidence }}) => evidence.filter(({{ kind }}) => kind === 'photo').length;
    return found.map(entry => [String(entry.fields.old_reading), photos(entry)]);
}}"""
DONE_ELSEWHERE = f"""async visit => {{
    {IMPORT}
    const {{ write }} = await import(base + 'app/visit.js');
    const {{ nextOf }} = await import(base + 'flow/steps.js');
    await write(await load(visit), nextOf((await load(visit)).stages).entries({{ place: null }}));
}}"""
PAD = f"""async visit => {{
    {IMPORT}
    const {{ known, write }} = await import(base + 'app/visit.js');
    const {{ raise }} = await import(base + 'flow/incidents.js');
    const model = await load(visit);
    await write(model, raise(...known(model), 'meter_damage_by_customer', {{}}));
    const {{ stages }} = await load(visit);
    const step = stages.flatMap(({{ steps }}) => steps).find(({{ needs }}) => needs === 'signature');
    location.hash = `#/visits/${{visit}}/sign/${{step.id}}`;
}}"""
NEXT = ".actions .main"


class Finger:
    """A finger on the screen of a slow phone."""

    def __init__(self, app: PhoneApp, session: CDPSession) -> None:
        self.app, self.session = app, session

    async def place(self, what: Locator) -> dict[str, float]:
        await what.scroll_into_view_if_needed()
        box = await what.bounding_box()
        assert box is not None
        return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}

    async def send(self, kind: str, place: dict[str, float] | None, at: float | None = None) -> None:
        """`at`: the time of the event, as the page's clock has it."""
        event: dict[str, Any] = {"type": kind, "touchPoints": [place] if place else []}
        if at is not None:
            event["timestamp"] = (await self.app.page.evaluate("performance.timeOrigin") + at) / 1000
        await self.session.send("Input.dispatchTouchEvent", event)

    async def down(self, place: dict[str, float], at: float | None = None) -> None:
        await self.send("touchStart", place, at)

    async def up(self, at: float | None = None) -> None:
        await self.send("touchEnd", None, at)

    async def tap(self, place: dict[str, float], at: float | None = None) -> None:
        await self.down(place, at)
        await self.up(at)


async def recorded(app: PhoneApp, visit: UUID) -> list[str]:
    return await app.page.evaluate(RECORDED, str(visit))


async def sync(app: PhoneApp, visit: UUID) -> None:
    await app.page.evaluate(SYNC, str(visit))


async def settled(app: PhoneApp) -> None:
    """As long as a person needs to see what is there."""
    await app.page.wait_for_function("() => performance.now() > changed + 500")


@asynccontextmanager
async def slow_phone(world: World, place: str = "", **more: Any) -> AsyncIterator[tuple[PhoneApp, Finger, UUID]]:
    """A small, slow phone, on a screen of a visit."""
    visit = await plan_today(world, **more)
    async with open_phone(world, viewport={"width": 360, "height": 640}) as app:
        await app.open(f"visits/{visit}")
        await app.page.locator(NEXT).wait_for()
        await app.context.set_offline(True)
        if place:
            await app.open(f"visits/{visit}{place}")
        session = await app.context.new_cdp_session(app.page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        await app.page.evaluate(WATCH)
        await app.page.evaluate("() => { document.documentElement.style.overflowAnchor = 'none'; }")  # as Safari has it
        yield app, Finger(app, session), visit


def step(app: PhoneApp, name: str) -> Locator:
    """The button of a step in the list."""
    return app.page.locator(".step .button", has_text=name)


async def test_a_redraw_waits_until_the_finger_is_up(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, finger, visit):
        page = app.page
        await page.evaluate(NO_REST)
        await settled(app)
        place = await finger.place(step(app, "服务证、着装"))
        await finger.down(place)
        await sync(app, visit)
        assert await finger.place(step(app, "服务证、着装")) == place
        await finger.up()
        await page.locator(NEXT, has_text="到了").wait_for()
        await page.get_by_text("办公室说的").wait_for()
        assert await recorded(app, visit) == ["badge_worn", "uniform_tidy"]
        # the step under the finger was done elsewhere: it does not become the next one
        await settled(app)
        await finger.down(await finger.place(page.locator(NEXT)))
        await page.evaluate(DONE_ELSEWHERE, str(visit))
        await sync(app, visit)
        assert await page.locator(NEXT).text_content() == "到了"
        await finger.up()
        await page.locator(NEXT, has_text="按门铃").wait_for()
        await settled(app)
        assert await recorded(app, visit) == ["badge_worn", "uniform_tidy", "arrived"]
        # a finger that only rests, or rain, does not hold the screen for ever
        await page.evaluate("() => { window.setTimeout = own; }")
        await sync(app, visit)
        await settled(app)
        shown = await page.get_by_text("办公室说的").count()
        await finger.down({"x": 5, "y": 200})
        await sync(app, visit)
        await page.get_by_text("办公室说的").wait_for(state="detached" if shown else "visible")
        await finger.up()


async def test_a_double_tap_does_one_step(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, finger, visit):
        page = app.page
        await page.locator(NEXT).wait_for()
        await settled(app)
        place = await finger.place(page.locator(NEXT))
        await finger.tap(place)
        await page.locator(NEXT, has_text="到了").wait_for()
        before = await recorded(app, visit)
        await finger.tap(place, at=await page.evaluate("renamed") + 150)  # by the finger's clock
        await settled(app)
        assert await recorded(app, visit) == before
        assert await page.locator(NEXT).text_content() == "到了"
        await finger.tap(place)  # meant
        await page.locator(NEXT, has_text="按门铃").wait_for()
        assert (await recorded(app, visit)).count("arrived") == 1


async def test_two_taps_on_one_step_at_once_record_it_once(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, _, visit):
        page = app.page
        await app.main("服务证、着装")
        await page.locator(NEXT, has_text="到了").wait_for()
        await settled(app)
        await page.evaluate(
            """() => {
                const row = document.querySelector('.step.next .button');
                const main = document.querySelector('.actions .main');
                main.click(); row.click(); main.click();
            }"""
        )
        await page.locator(NEXT, has_text="按门铃").wait_for()
        await settled(app)
        assert (await recorded(app, visit)).count("arrived") == 1


async def test_what_others_send_folds_and_scrolls_nothing(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, _, visit):
        page = app.page
        await app.main("服务证、着装")
        await app.main("到了")
        folded = page.locator("details").first
        await folded.locator("summary").tap()
        await settled(app)
        await page.evaluate("() => scrollTo(0, 300)")
        was = await page.evaluate("scrollY")
        await sync(app, visit)
        await page.get_by_text("办公室说的").wait_for()
        assert await folded.get_attribute("open") is not None
        assert await page.evaluate("scrollY") == was


async def test_a_tap_on_the_next_step_counts_while_the_last_one_is_being_sealed(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, finger, visit):
        page = app.page
        await app.main("服务证、着装")
        await page.locator(NEXT, has_text="到了").wait_for()
        await page.evaluate(HOLD_SEALS)
        await app.main("到了")
        await page.locator(NEXT, has_text="按门铃").wait_for()
        await settled(app)
        await finger.tap(await finger.place(page.locator(NEXT)))
        await page.evaluate("() => letGo()")
        await page.locator(NEXT, has_text="见到客户").wait_for()
        assert (await recorded(app, visit)).count("arrived") == 1


async def test_a_tap_before_the_redraw_knows_what_the_last_one_did(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, _, _visit):
        page = app.page
        for name in ("服务证、着装", "到了"):
            await app.main(name)
        await page.locator(NEXT, has_text="按门铃").wait_for()
        await settled(app)
        # "the customer" is out of order until the bell is recorded
        await page.evaluate(
            """() => {
                const rows = [...document.querySelectorAll('.step .button')];
                document.querySelector('.actions .main').click();
                rows.find(row => row.textContent.includes('见到客户')).click();
            }"""
        )
        await page.locator(NEXT, has_text="同意我进门").wait_for()
        assert not await page.get_by_role("dialog").count()


async def test_words_on_their_way_survive_a_redraw(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world, "/step/knock") as (app, finger, visit):
        page = app.page
        await app.tap("客户说不用：按门铃或敲门")
        text = page.get_by_label("原因")
        await text.fill("客户在门外等")
        await page.evaluate(
            """() => {
                window.ended = 0;
                addEventListener('compositionend', () => { window.ended += 1; });
                document.querySelector('textarea').setSelectionRange(2, 2);
            }"""
        )
        compose = {"text": "zheng zai", "selectionStart": 9, "selectionEnd": 9}
        await finger.session.send("Input.imeSetComposition", compose)
        await sync(app, visit)
        await finger.session.send("Input.imeSetComposition", compose | {"text": "zheng zai men"})
        await sync(app, visit)
        assert await page.evaluate("ended") == 0
        await finger.session.send("Input.insertText", {"text": "正在大"})
        assert await text.input_value() == "客户正在大在门外等"
        await text.evaluate("one => one.setSelectionRange(1, 3)")
        await sync(app, visit)
        kept = await text.evaluate("one => [one === document.activeElement, one.selectionStart, one.selectionEnd]")
        assert kept == [True, 1, 3]
        # what is composed when the finger comes down is recorded too
        await text.evaluate("one => one.setSelectionRange(9, 9)")
        await finger.session.send("Input.imeSetComposition", {"text": "我", "selectionStart": 1, "selectionEnd": 1})
        await settled(app)
        place = await finger.place(page.locator(NEXT))
        await finger.down(place)
        await finger.session.send("Input.insertText", {"text": "我们"})
        await finger.up()
        await page.locator(".stage").first.wait_for()
        assert "客户正在大在门外等我们" in await app.page.evaluate(REASONS, str(visit))


async def test_a_number_is_typed_key_by_key(sqlite_world: World) -> None:
    more: dict[str, Any] = {"type": "meter_replacement", "assigned": {"meter_exchanged": True}}
    place = "/step/p_meter_readings_witnessed"
    async with slow_phone(sqlite_world, place, **more) as (app, finger, visit):
        page = app.page
        number = page.get_by_label("旧表止码")
        await number.press_sequentially("12.05")
        assert await number.input_value() == "12.05"
        code = page.get_by_label("旧表号")
        await code.press_sequentially("SH 20")
        assert await code.input_value() == "SH 20"
        await code.fill("")
        await finger.session.send("Input.imeSetComposition", {"text": "ｓｈ", "selectionStart": 2, "selectionEnd": 2})
        await sync(app, visit)
        assert await code.input_value() == "ｓｈ"  # an input method goes on
        await finger.session.send("Input.insertText", {"text": "ｓｈ２０"})
        await app.kill()
        await app.page.get_by_label("旧表号").wait_for()
        assert await app.page.get_by_label("旧表号").input_value() == "sh20"
        assert await app.page.get_by_label("旧表止码").input_value() == "12.05"


async def test_a_photo_that_is_being_scaled_is_waited_for(sqlite_world: World) -> None:
    more: dict[str, Any] = {"type": "meter_replacement", "assigned": {"meter_exchanged": True}}
    async with slow_phone(sqlite_world, "/step/p_meter_readings_witnessed", **more) as (app, _, visit):
        page = app.page
        await page.get_by_label("旧表止码").wait_for()
        await page.evaluate(HOLD_PHOTOS)
        await app.take_photo(page.locator(NEXT).tap())
        await page.locator(".actions .main:disabled", has_text="正在存照片").wait_for()
        await app.tap("不拍照，先记下")
        await page.get_by_label("旧表止码").press_sequentially("127")
        await page.evaluate("() => letGo()")
        await page.locator(".picture").wait_for()
        await page.keyboard.press("4")  # where the cursor was
        assert await recorded(app, visit) == []
        await app.main("记下")
        await page.locator(".stage").first.wait_for()
        assert await app.page.evaluate(PHOTOS, str(visit)) == [["1274", 1]]


async def test_a_question_that_is_open_stays_open(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, _, visit):
        page = app.page
        await page.locator(NEXT).wait_for()
        await app.tap("穿好鞋套")
        asked = page.get_by_role("dialog")
        await asked.get_by_text("顺序不对").wait_for()
        await asked.evaluate("one => { one.mine = true; }")
        await sync(app, visit)
        assert await asked.evaluate("one => one.mine && one.open")
        await app.tap("先不记")
        await asked.wait_for(state="detached")
        # the focus is where it was, also after what had it has gone
        await page.locator(NEXT).focus()
        row = step(app, "服务证、着装")
        await row.focus()
        await settled(app)
        await page.keyboard.press("Enter")
        await page.locator(NEXT, has_text="到了").wait_for()
        assert await page.evaluate("document.activeElement !== document.body")
        announced = page.locator("#announcements", has_text="服务证、着装")
        await announced.wait_for(state="attached")
        await sync(app, visit)
        assert await announced.count() == 1


async def test_a_signature_that_is_half_drawn_survives_a_redraw(sqlite_world: World) -> None:
    async with slow_phone(sqlite_world) as (app, finger, visit):
        page = app.page
        await page.evaluate(PAD, str(visit))
        await app.tap("在这里签字")
        await page.get_by_role("alert").first.wait_for()  # what is lacking is said once
        await app.tap("在这里签字")
        canvas = page.locator(".pad canvas")
        await canvas.wait_for()
        box = await canvas.bounding_box()
        assert box is not None
        at = lambda x, y: {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}  # noqa: E731
        await finger.down(at(0.2, 0.3))
        await finger.send("touchMove", at(0.3, 0.6))
        await sync(app, visit)
        inked = await page.evaluate(INKED)
        await finger.send("touchMove", at(0.5, 0.3))
        await finger.send("touchMove", at(0.7, 0.6))
        await finger.up()
        assert await page.evaluate(INKED) > inked > 0
