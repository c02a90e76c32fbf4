"""A server that is restored from a backup gets again what it no longer has."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.support.factories import uid
from tests.support.phone import Phone, open_phone, run, window_now
from tests.support.running import Running, hired, plan

SEND = "await app.outbox.start(); await app.outbox.kick(); await app.outbox.kick(); return app.queue.status()"
WRITE = """
    await photographed(given, 'meter_damage_photo', Math.floor(performance.now() * 1000))
    await app.records.seal(given)
"""


def in_folder(folder: Path, port: int = 0) -> Running:
    return Running(folder, port=str(port))


def stop(server: Running) -> None:
    """Stop a server that another one replaces."""
    server.stop()
    server.close()


async def phone_of(phone: Phone, server: Running, wang: dict[str, str]) -> Page:
    """An enrolled page of 李."""
    code = server.client.post("/v1/enrolments", json={"person": "li"}, headers=wang).json()["code"]
    page = await phone.tab()
    await phone.enrol(page, code)
    return page


async def test_records_and_photos_after_the_backup_are_sent_again(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    server = in_folder(data)
    try:
        zhao = await asyncio.to_thread(hired, data, "zhao", "dispatcher")
        wang = await asyncio.to_thread(hired, data, "wang", "supervisor")
        await asyncio.to_thread(hired, data, "li", "technician")
        visit = str(uid("v"))
        assert plan(server, zhao, visit, window=window_now()).status_code == 201
        async with open_phone(server.address) as phone:
            page = await phone_of(phone, server, wang)
            await run(page, "await app.agenda.pull();" + WRITE, visit)
            await run(page, SEND)
            stop(server)
            shutil.copytree(data, backup)
            port = server.port
            server = in_folder(data, port)
            await run(page, WRITE, visit)
            await run(page, WRITE, visit)
            assert (await run(page, SEND))["files"] == 0
            before = records_of(server, wang, visit)
            assert [one["missing_evidence"] for one in before] == [[]] * 3
            stop(server)
            shutil.rmtree(data)
            shutil.move(backup, data)
            server = in_folder(data, port)
            assert len(records_of(server, wang, visit)) == 1
            assert (await run(page, SEND))["waiting"] == 0
            after = records_of(server, wang, visit)
            assert {one["record"]: one["sha256"] for one in after} == {one["record"]: one["sha256"] for one in before}
            assert [one["missing_evidence"] for one in after] == [[]] * 3
    finally:
        server.close()


async def test_words_and_what_will_never_come_are_told_again(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    server = in_folder(data)
    try:
        zhao = await asyncio.to_thread(hired, data, "zhao", "dispatcher")
        wang = await asyncio.to_thread(hired, data, "wang", "supervisor")
        await asyncio.to_thread(hired, data, "li", "technician")
        visit = str(uid("v"))
        assert plan(server, zhao, visit, window=window_now()).status_code == 201
        async with open_phone(server.address) as phone:
            page = await phone_of(phone, server, wang)
            await run(page, "await app.agenda.pull();" + WRITE, visit)
            await run(page, SEND)
            stop(server)
            shutil.copytree(data, backup)
            server = in_folder(data, port := server.port)
            lost = """
                const [{ receipt }] = await app.database.all('records')
                await app.records.explain(given, receipt.findings[0].code, '门口说过了')
                await photographed(given, 'meter_damage_photo', 1)
                await app.records.seal(given)
                const [file] = (await app.database.all('files')).filter(({ state }) => state === 'waiting')
                await app.outbox.giveUp(file.sha256, '手机进水')
                return file.sha256
            """
            file = await run(page, lost, visit)
            await run(page, SEND)

            def told() -> Any:
                review = server.client.get(f"/v1/visits/{visit}/review", headers=wang).json()
                words = [one["text"] for finding in review["findings"] for one in finding["explanations"]]
                gone = [one["sha256"] for record in records_of(server, wang, visit) for one in record["lost"]]
                return words, gone, [one["missing_evidence"] for one in records_of(server, wang, visit)]

            assert told() == (["门口说过了"], [file], [[], []])
            stop(server)
            shutil.rmtree(data)
            shutil.move(backup, data)
            server = in_folder(data, port)
            assert told() == ([], [], [[]])
            await run(page, SEND)
            assert told() == (["门口说过了"], [file], [[], []])
    finally:
        server.close()


async def test_it_is_noticed_although_the_cursor_is_not_ahead(tmp_path: Path) -> None:
    """After the restoration so much else has changed that the phone's cursor is valid again."""
    data, backup = tmp_path / "data", tmp_path / "backup"
    server = in_folder(data)
    try:
        zhao = await asyncio.to_thread(hired, data, "zhao", "dispatcher")
        wang = await asyncio.to_thread(hired, data, "wang", "supervisor")
        li = await asyncio.to_thread(hired, data, "li", "technician")
        visit = str(uid("v"))
        assert plan(server, zhao, visit, window=window_now()).status_code == 201
        async with open_phone(server.address) as phone:
            page = await phone_of(phone, server, wang)
            await run(page, "await app.agenda.pull()")
            stop(server)
            shutil.copytree(data, backup)
            port = server.port
            server = in_folder(data, port)
            await run(page, WRITE, visit)
            await run(page, SEND)
            (before,) = records_of(server, wang, visit)
            stop(server)
            shutil.rmtree(data)
            shutil.move(backup, data)
            server = in_folder(data, port)
            for number in range(20):
                assert plan(server, zhao, uid(f"new {number}"), window=window_now()).status_code == 201
            cursor = await run(page, "return app.database.get('meta', 'cursor')")
            assert not server.client.get(f"/v1/agenda?since={cursor}", headers=li).json()["full"]
            await run(page, "await app.database.put('meta', 0, 'probed')")  # an hour later
            await run(page, SEND)
            (after,) = records_of(server, wang, visit)
            assert (after["record"], after["sha256"]) == (before["record"], before["sha256"])
            assert after["missing_evidence"] == []
    finally:
        server.close()


def records_of(server: Running, who: dict[str, str], visit: str) -> list[dict[str, Any]]:
    """The records that the server has of a visit."""
    found: list[dict[str, Any]] = server.client.get(f"/v1/visits/{visit}", headers=who).json()["records"]
    return found
