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
