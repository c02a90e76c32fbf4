"""Checkpoints: signed with news, kept in database and file before anybody sees them, and never two for one size."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from service.audit_log import checkpoint_file, checkpoints, log, notes, tiles
from service.audit_log.notes import parse_checkpoint, parse_note, parse_verifier_key
from service.context import AppContext
from service.db.connect import open_database
from service.keys import new_log_key
from service.verify.log import verify
from tests.support.api_client import World, opened_world
from tests.support.log_growth import grow
from tests.support.tampering import tampered


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    async with opened_world(address) as world:
        await checkpoints.settle(world.ctx)
        yield world


def kept(ctx: AppContext) -> list[bytes]:
    """What the file has."""
    path = checkpoints.file_of(ctx)
    return checkpoint_file.find_notes(path.read_bytes()) if path.exists() else []


def sizes(ctx: AppContext) -> list[int]:
    return [parse_checkpoint(parse_note(note).text).size for note in kept(ctx)]


async def shown(world: World) -> bytes:
    return (await world.ask(None, "GET", "/log/checkpoint")).content


async def test_what_is_new_is_signed_once_and_kept_before_it_is_shown(world: World) -> None:
    ctx = world.ctx
    assert sizes(ctx) == [2]
    await grow(ctx, 5)
    assert sizes(ctx) == [2, 7]
    assert await shown(world) == kept(ctx)[-1]
    await checkpoints.settle(ctx)  # nothing new
    assert sizes(ctx) == [2, 7]
    key = parse_verifier_key((await world.ask(None, "GET", "/log/key")).text)
    assert parse_note(kept(ctx)[-1]).signed_by([key]) == [key]
    assert parse_checkpoint(parse_note(kept(ctx)[-1]).text).origin == key.name
    assert checkpoints.file_of(ctx).stat().st_mode & 0o777 == 0o600
    assert [fault for fault in (await verify(ctx)).faults if "leaf " not in fault] == []


async def test_not_more_often_than_is_needed(world: World) -> None:
    await grow(world.ctx, 1, sign=False)
    await log.assign_sequence_numbers(world.ctx.db)
    await checkpoints.sign_checkpoint(world.ctx)  # the clock of the test stands still
    assert sizes(world.ctx) == [2]
    start = world.ctx.clock()
    world.ctx.clock = lambda: start + checkpoints.INTERVAL_MS
    await checkpoints.sign_checkpoint(world.ctx)
    assert sizes(world.ctx) == [2, 3]


async def test_a_checkpoint_that_could_not_be_kept_is_not_shown_until_it_is(world: World) -> None:
    path = checkpoints.file_of(world.ctx)
    before = path.read_bytes()
    await grow(world.ctx, 1, sign=False)
    path.unlink()
    path.mkdir()  # it can neither be read nor written
    await checkpoints.settle(world.ctx)
    path.rmdir()
    await checkpoints._sign(world.ctx, at_once=True)
    assert await shown(world) == before[:-1]
    path.write_bytes(before + b"doorstep.invalid/log\n2\nAAAA")  # a crash cut it off
    await checkpoints.sign_checkpoint(world.ctx)
    assert sizes(world.ctx) == [2, 3]
    assert await shown(world) == kept(world.ctx)[-1]


async def test_a_full_disk_is_in_the_log_of_the_server(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    await grow(world.ctx, 1, sign=False)
    await log.number_all(world.ctx.db)
    with monkeypatch.context() as now:
        now.setattr(checkpoint_file, "append", full)
        await checkpoints.sign_checkpoint(world.ctx, at_once=True)
    assert "no checkpoint can be kept (StorageFull)" in caplog.text
    assert (world.ctx.log_health.refused, world.ctx.log_health.unkept) == ("", "StorageFull")
    await checkpoints.sign_checkpoint(world.ctx)
    assert sizes(world.ctx) == [2, 3]
    assert world.ctx.log_health.unkept == ""


async def test_the_newest_checkpoint_of_the_file_counts_wherever_it_is(world: World, address: str) -> None:
    """Two processes that share the data folder append theirs in either order."""
    await grow(world.ctx, 8)
    path = checkpoints.file_of(world.ctx)
    older, newer = kept(world.ctx)
    path.unlink()
    for note in (newer, older):
        checkpoint_file.append(path, note)
    await tampered(address, "DELETE FROM log_leaves WHERE number > 5", *FORGOTTEN)
    await checkpoints.settle(world.ctx)
    assert SHORTER in world.ctx.log_health.refused
    assert sizes(world.ctx) == [10, 2]


CHANGED, SHORTER = "the first 10 leaves are not those that were signed", "leaves, and one of 10 was signed"
FORGOTTEN = ("DELETE FROM log_checkpoints", "DELETE FROM log_tiles")
SWAPPED = (
    "UPDATE log_leaves SET number = 99 WHERE number = 6",
    "UPDATE log_leaves SET number = 6 WHERE number = 7",
    "UPDATE log_leaves SET number = 7 WHERE number = 99",
)
REWRITTEN = [  # what somebody does to the log, and why no checkpoint is signed any more
    (("DELETE FROM log_leaves WHERE number > 2", *FORGOTTEN), f"the log has 3 {SHORTER}"),
    (("DELETE FROM log_leaves WHERE number = 9",), f"the log has 9 {SHORTER}"),
    ((*FORGOTTEN, "UPDATE log_leaves SET leaf = id WHERE number = 4"), CHANGED),
    ((*FORGOTTEN, *SWAPPED), CHANGED),
]


@pytest.mark.parametrize(("statements", "why"), REWRITTEN)
@pytest.mark.parametrize("with_file", [True, False])
async def test_a_rewritten_log_is_not_signed(
    world: World, address: str, statements: tuple[str, ...], why: str, with_file: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Either the database or the file may be in wrong hands."""
    await grow(world.ctx, 8)
    before = sizes(world.ctx)
    if not with_file:
        checkpoints.file_of(world.ctx).unlink()
        statements, before = tuple(one for one in statements if one != FORGOTTEN[0]), []
    await tampered(address, *statements)
    with caplog.at_level(logging.CRITICAL, "doorstep.log"):
        for _ in range(2):
            await checkpoints.sign_checkpoint(world.ctx, at_once=True)
            await log.assign_sequence_numbers(world.ctx.db)
    assert caplog.records[-1].levelname == "CRITICAL"
    assert why in caplog.text
    assert world.ctx.log_health.refused
    assert sizes(world.ctx) == before
    assert (await verify(world.ctx)).faults


async def test_damaged_tiles_stop_signing_and_nothing_else(
    world: World, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    await grow(world.ctx, 300)
    await tampered(address, "DELETE FROM log_tiles WHERE level = 1")
    with caplog.at_level(logging.CRITICAL, "doorstep.log"):
        await grow(world.ctx, 300)
    assert "tile 1/0 has 0 bytes instead of 32" in caplog.text
    assert sizes(world.ctx) == [2, 302]
    assert await world.ctx.db.read(log.numbered_count) == 602


async def test_two_servers_never_sign_two_roots_for_one_size(address: str) -> None:
    async with opened_world(address) as one, opened_second(address, one.ctx) as two:
        for count in (1, 7, 300):
            await grow(one.ctx, count, sign=False)
            await asyncio.gather(*(checkpoints.settle(ctx) for ctx in (one.ctx, two, one.ctx, two)))
        rows = await one.ctx.db.read(lambda tx: tx.fetch_all("checkpoints_from", first=0, count=99))
        assert rows[-1][0] == 310
        assert len({row[0] for row in rows}) == len(rows)
        assert [fault for fault in (await verify(one.ctx)).faults if "leaf " not in fault] == []
        both = {parse_checkpoint(parse_note(note).text).size: note for note in kept(one.ctx) + kept(two)}
        assert both == {row[0]: row[1] for row in rows}


class opened_second:  # noqa: N801 - used like a function
    """Another process on the same database, with a data folder of its own."""

    def __init__(self, address: str, like: AppContext) -> None:
        self.address, self.like = address, like

    async def __aenter__(self) -> AppContext:
        self.db = open_database(self.address)
        await self.db.start()
        data = self.like.evidence_storage.data / "second"
        data.mkdir()
        storage = msgspec.structs.replace(self.like.evidence_storage, data=data)
        return msgspec.structs.replace(self.like, db=self.db, evidence_storage=storage)

    async def __aexit__(self, *_: object) -> None:
        await self.db.close()


async def test_a_log_from_before_is_filled_in_steps_and_then_signed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_world(address) as world:
        with monkeypatch.context() as before:

            async def nothing(*_: object) -> int:
                return 0

            before.setattr(tiles, "extend", nothing)
            await grow(world.ctx, 998, sign=False)
            await log.assign_sequence_numbers(world.ctx.db)
        monkeypatch.setattr(log, "FILL_SIZE", 400)
        stored = []
        while not stored or stored[-1] < 1000:
            await log.assign_sequence_numbers(world.ctx.db)
            stored.append(await world.ctx.db.read(tiles.stored_size))
            await checkpoints.sign_checkpoint(world.ctx, at_once=True)
        assert stored == [400, 800, 1000]
        assert sizes(world.ctx) == [1000]
        assert not world.ctx.log_health.refused
        assert [fault for fault in (await verify(world.ctx)).faults if "leaf" not in fault] == []


async def test_another_key_goes_on_with_the_same_log(world: World) -> None:
    world.ctx.keys._log = new_log_key("doorstep.example/other")
    await grow(world.ctx, 3)
    assert sizes(world.ctx) == [2, 5]
    assert parse_checkpoint(parse_note(await shown(world)).text).origin == "doorstep.example/other"


BAD_NOTES = [
    b"",
    b"a\n1\nAAAA\n",
    b"\xff\n\n\xe2\x80\x94 a AAAAAAA=\n",
    b"a\n\n- a AAAAAAAA\n",
    b"a\n\n\xe2\x80\x94 a b AAAA\n",
]


@pytest.mark.parametrize("raw", BAD_NOTES)
async def test_what_is_no_note(raw: bytes) -> None:
    with pytest.raises(notes.InvalidNote):
        parse_note(raw)


@pytest.mark.parametrize(
    "text", [b"a\n1\n", b"a\n01\n" + b"A" * 43 + b"=\n", b"a\n1\nAAAA\n", b"a\n-1\n" + b"A" * 43 + b"=\n", b"a\n1\n\n"]
)
async def test_what_is_no_checkpoint(text: bytes) -> None:
    with pytest.raises(notes.InvalidNote):
        parse_checkpoint(text)


async def test_the_examples_of_the_specification() -> None:
    key = parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = (
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYN"
        "ZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    ).encode()
    assert parse_note(note).signed_by([key]) == [key]
    with pytest.raises(notes.InvalidNote, match="wrong"):
        parse_note(note.replace(b"example m", b"Example m")).signed_by([key])
    assert str(key) == "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def test_notes_are_found_in_files_and_mails(tmp_path: Path) -> None:
    note = b"a\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 a AAAAAAAA\n"
    path = tmp_path / "checkpoints"
    checkpoint_file.append(path, note)
    path.write_bytes(path.read_bytes() + note[:-5])  # cut off
    checkpoint_file.append(path, note)
    assert checkpoint_file.find_notes(path.read_bytes()) == [note, note]
    assert checkpoint_file.last_notes(path) == [note, note]
    assert checkpoint_file.find_notes(b"Hello.\r\n\r\n" + note.replace(b"\n", b"\r\n") + b"\r\nBye") == [note]
