"""A server that is restored from a backup gets again what it no longer has."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.support.factories import uid
from tests.support.phone import open_phone, run, window_now
from tests.support.running import Running, hired, plan

SEND = "await app.outbox.start(); await app.outbox.kick(); await app.outbox.kick(); return app.queue.status()"
WRITE = """
    await photographed(given, 'meter_damage_photo', Math.floor(performance.now() * 1000))
    await app.records.seal(given)
"""


class Utility:
    """A server that is restored from a backup, its people's headers, and a planned visit."""

    def __init__(self, folder: Path) -> None:
        self.data, self.copy = folder / "data", folder / "backup"
        self.server = Running(self.data)
        roles = {"zhao": "dispatcher", "wang": "supervisor", "li": "technician"}
        self.headers = {login: hired(self.data, login, role) for login, role in roles.items()}
        self.visit = str(uid("v"))
        self.plan(self.visit)

    def plan(self, visit: object) -> None:
        assert plan(self.server, self.headers["zhao"], visit, window=window_now()).status_code == 201

    def stop(self) -> None:
        self.server.stop()
        self.server.close()

    def back_up(self) -> None:
        """While the server is stopped."""
        self.stop()
        shutil.copytree(self.data, self.copy)
        self.server = Running(self.data, port=str(self.server.port))

    def restore(self) -> None:
        """Lose everything since the backup."""
        self.stop()
        shutil.rmtree(self.data)
        shutil.move(self.copy, self.data)
        self.server = Running(self.data, port=str(self.server.port))

    def ask(self, path: str, who: str = "wang") -> Any:
        return self.server.client.get(path, headers=self.headers[who]).json()

    def records(self) -> list[dict[str, Any]]:
        """Those that the server has of the visit."""
        return self.ask(f"/v1/visits/{self.visit}")["records"]


@asynccontextmanager
async def with_phone(folder: Path) -> AsyncIterator[tuple[Utility, Page]]:
    """A utility, and the page of 李's enrolled phone, which knows of the visit."""
    utility = await asyncio.to_thread(Utility, folder)
    try:
        async with open_phone(utility.server.address) as phone:
            page = await phone.tab()
            made = utility.server.client.post("/v1/enrolments", json={"person": "li"}, headers=utility.headers["wang"])
            await phone.enrol(page, made.json()["code"])
            await run(page, "await app.agenda.pull()")
            yield utility, page
    finally:
        utility.server.close()


async def test_records_and_photos_after_the_backup_are_sent_again(tmp_path: Path) -> None:
    async with with_phone(tmp_path) as (utility, page):
        await run(page, WRITE, utility.visit)
        await run(page, SEND)
        utility.back_up()
        await run(page, WRITE, utility.visit)
        await run(page, WRITE, utility.visit)
        assert (await run(page, SEND))["files"] == 0
        before = utility.records()
        assert [one["missing_evidence"] for one in before] == [[]] * 3
        utility.restore()
        assert len(utility.records()) == 1
        assert (await run(page, SEND))["waiting"] == 0
        after = utility.records()
        assert {one["record"]: one["sha256"] for one in after} == {one["record"]: one["sha256"] for one in before}
        assert [one["missing_evidence"] for one in after] == [[]] * 3


async def test_words_and_what_will_never_come_are_told_again(tmp_path: Path) -> None:
    async with with_phone(tmp_path) as (utility, page):
        await run(page, WRITE, utility.visit)
        await run(page, SEND)
        utility.back_up()
        lost = """
            const [{ receipt }] = await app.database.all('records')
            await app.records.explain(given, receipt.findings[0].code, '门口说过了')
            await photographed(given, 'meter_damage_photo', 1)
            await app.records.seal(given)
            const [file] = (await app.database.all('files')).filter(({ state }) => state === 'waiting')
            await app.outbox.giveUp(file.sha256, '手机进水')
            return file.sha256
        """
        file = await run(page, lost, utility.visit)
        await run(page, SEND)

        def known() -> Any:
            review, records = utility.ask(f"/v1/visits/{utility.visit}/review"), utility.records()
            words = [one["text"] for finding in review["findings"] for one in finding["explanations"]]
            gone = [one["sha256"] for record in records for one in record["lost"]]
            return words, gone, [one["missing_evidence"] for one in records]

        assert known() == (["门口说过了"], [file], [[], []])
        utility.restore()
        assert known() == ([], [], [[]])
        await run(page, SEND)
        assert known() == (["门口说过了"], [file], [[], []])


async def test_it_is_noticed_although_the_cursor_is_not_ahead(tmp_path: Path) -> None:
    """After the restoration so much else has changed that the phone's cursor is valid again."""
    async with with_phone(tmp_path) as (utility, page):
        utility.back_up()
        await run(page, WRITE, utility.visit)
        await run(page, SEND)
        (before,) = utility.records()
        utility.restore()
        for number in range(20):
            utility.plan(uid(f"new {number}"))
        cursor = await run(page, "return app.database.get('meta', 'cursor')")
        assert not utility.ask(f"/v1/agenda?since={cursor}", "li")["full"]
        await run(page, "await app.database.put('meta', 0, 'probed')")  # an hour later
        await run(page, SEND)
        (after,) = utility.records()
        assert (after["record"], after["sha256"]) == (before["record"], before["sha256"])
        assert after["missing_evidence"] == []
