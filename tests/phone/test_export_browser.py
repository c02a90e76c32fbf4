"""What a phone cannot send goes to the desk as a file."""

from pathlib import Path

from tests.support.api_client import World
from tests.support.desk import signed_in, text_of
from tests.support.phone import enrolled_phone, plan_now, run, serve_gate

WRITTEN = """
    await app.agenda.pull()
    await app.records.addEntries(given, [{ what: 'arrived' }])
    await photographed(given, 'meter_damage_photo', 1)
    await app.records.seal(given)
    await app.records.addEntries(given, [{ what: 'left' }])  // in no record yet
"""
EXPORTED = """
    const found = await app.export.exportFiles()
    return Promise.all(found.map(async file => [file.name, file.size, await file.text()]))
"""


async def test_the_desk_takes_in_what_the_phone_exports(sqlite_world: World) -> None:
    async with (
        serve_gate(sqlite_world) as (gate, port),
        enrolled_phone(sqlite_world, f"http://127.0.0.1:{port}") as (_, page),
    ):
        visit = str(await plan_now(sqlite_world, "v"))
        await run(page, WRITTEN, visit)
        ((name, _, content),) = await run(page, EXPORTED)
        assert name.startswith("doorstep-")
        taken = await hand_in(sqlite_world, content)
        assert "没有收下 0" in taken
        assert "已收下 3" in taken
        view = (await sqlite_world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert [one["signature"] for one in view["records"]] == ["verified"] * 2
        assert [one["taken_in_by"] for one in view["records"]] == ["wang"] * 2
        assert [entry["what"] for entry in view["entries"]] == ["arrived", "meter_damage_photo", "left"]
        await run(page, "await app.outbox.start(); await app.outbox.kick()")  # it can send again after all
        assert {one.status for one in gate.sent("PUT", "/v1/records/")} <= {200}
        status = await run(page, "return app.queue.status()")
        assert (status["waiting"], status["files"]) == (0, 0)
        ((_, _, nothing),) = await run(page, EXPORTED)
        assert '"records":[],"files":[]' in nothing


async def test_a_large_export_is_divided(sqlite_world: World, tmp_path: Path) -> None:
    async with (
        serve_gate(sqlite_world) as (_, port),
        enrolled_phone(sqlite_world, f"http://127.0.0.1:{port}") as (_, page),
    ):
        visit = str(await plan_now(sqlite_world, "v"))
        await run(page, WRITTEN, visit)
        await run(page, "for (let n = 2; n < 11; n++) await photographed(given, 'meter_damage_photo', n, 1600)", visit)
        parts = await run(page, EXPORTED)
        assert len(parts) > 1
        assert all(size < 12 * 2**20 for _, size, _ in parts)
        assert len({name for name, _, _ in parts}) == len(parts)
        for _, _, content in reversed(parts):  # in any order
            await hand_in(sqlite_world, content)
        view = (await sqlite_world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert [one["missing_evidence"] for one in view["records"]] == [[]] * 2
        assert len(view["entries"]) == 12


async def hand_in(world: World, content: str) -> str:
    """Post the desk's form with a file; what the page says."""
    wang = await signed_in(world, "wang")
    csrf = wang.cookies["__Host-doorstep-csrf"]
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n'
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="e.json"\r\n\r\n{content}\r\n--x--\r\n'
    )
    answer = await wang.ask(
        "POST",
        "/desk/phone-exports",
        body.encode(),
        content_type="multipart/form-data; boundary=x",
        accept_language="zh",
    )
    assert answer.status_code == 200, answer.text
    return text_of(answer)
