"""`doorstep verify --checkpoint FILE`: what was signed and kept elsewhere is still the beginning of the log.

Of a log that was rewritten in every place that is in the database, only what was kept elsewhere tells.
"""

import hashlib
import json
import sqlite3
from email.message import EmailMessage
from pathlib import Path

import pytest

from service.audit_log import checkpoints, merkle, tiles
from service.cli.main import main
from service.db.database import Transaction
from service.keys import log_key_public, new_log_key
from service.verify.log import verify
from tests.support.api_client import World, record
from tests.support.factories import uid
from tests.support.log_growth import grow
from tests.support.tampering import tampered


@pytest.fixture
async def signed(world: World) -> World:
    """A log of some records, with a checkpoint after each."""
    await world.plan()
    for name in "abc":
        await world.submit(record(uid(name), entries=[]), uid(name))
        await checkpoints.settle(world.ctx)
    return world


async def faults(world: World, *files: Path, key: str = "") -> list[str]:
    return (await verify(world.ctx, files, key)).faults


async def test_a_kept_checkpoint_is_compared_with_the_log(signed: World, tmp_path: Path) -> None:
    note = (await signed.ask(None, "GET", "/log/checkpoint")).content
    one, all_of_them, mail = (tmp_path / name for name in ("one", "all", "mail.eml"))
    one.write_bytes(note)
    all_of_them.write_bytes(checkpoints.file_of(signed.ctx).read_bytes())
    letter = EmailMessage()
    letter.set_content(f"请保存 / Keep this:\n\n{note.decode()}\n{checkpoints.verifier_key(signed.ctx)}\n")
    mail.write_bytes(letter.as_bytes())
    assert note not in mail.read_bytes()  # it is encoded
    assert await faults(signed, one, all_of_them, mail) == []
    origin = note.partition(b"\n")[0].decode()
    signed_by_another = checkpoints.sign(checkpoints._content(note).text, new_log_key(origin))
    for bad, why in (
        (note.replace(b"\n6\n", b"\n4\n"), "is wrong"),
        (signed_by_another, "is not signed with the key of the log"),
        (b"", "there is no signed checkpoint in it"),
        (note.replace(b"\xe2\x80\x94", b"-"), "there is no signed checkpoint in it"),
    ):
        one.write_bytes(bad)
        assert [fault for fault in await faults(signed, one) if why in fault], why
    longer = checkpoints.Checkpoint(origin, 99, bytes(32))
    one.write_bytes(checkpoints.sign(longer.text, signed.ctx.keys.log))
    assert await faults(signed, one) == [f"{one}: 99 leaves were signed, and the log has 6"]
    one.write_bytes(checkpoints.sign(checkpoints.Checkpoint(origin, 4, bytes(32)).text, signed.ctx.keys.log))
    assert await faults(signed, one) == [f"{one}: the first 4 leaves are not those that were signed"]
    one.write_bytes(note)
    other = log_key_public(new_log_key(origin))
    assert f"{one}: checkpoint 6 is not signed with the key of the log" in await faults(signed, one, key=other)


async def test_a_history_that_was_rewritten_is_found_out(signed: World, address: str, tmp_path: Path) -> None:
    """The last record is removed with its leaf, and everything in the database and the folder agrees with it."""
    kept = tmp_path / "kept"
    kept.write_bytes(checkpoints.file_of(signed.ctx).read_bytes())
    assert await faults(signed, kept) == []
    gone = uid("c")

    async def rewritten(tx: Transaction) -> list[bytes]:
        return [row[0] for row in await tx.fetch_all("numbered_leaves", first=0, size=99)][:-1]

    leaves = await signed.ctx.db.read(rewritten)
    where = sql_id(signed, gone.bytes)
    await tampered(
        address,
        f"DELETE FROM batches WHERE id = {where}",  # noqa: S608 - of this file
        f"DELETE FROM log_leaves WHERE id = {where}",  # noqa: S608
        "DELETE FROM log_checkpoints",
        "DELETE FROM log_tiles",
    )
    checkpoints.file_of(signed.ctx).unlink()
    await checkpoints.settle(signed.ctx)
    tree = merkle.MerkleTree()
    for leaf in leaves:
        tree.add(leaf)
    report = await verify(signed.ctx)
    assert report.root == tree.root().hex()
    assert [fault for fault in report.faults if "leaves" in fault or "tile" in fault] == []
    assert f"{kept}: 6 leaves were signed, and the log has 5" in await faults(signed, kept)
    await grow(signed.ctx, 3)
    assert f"{kept}: the first 6 leaves are not those that were signed" in await faults(signed, kept)


def sql_id(world: World, id: bytes) -> str:
    return f"x'{id.hex()}'" if world.ctx.db.engine == "sqlite" else f"'\\x{id.hex()}'"


TAMPERED = [
    ("UPDATE log_tiles SET hashes = (SELECT leaf FROM log_leaves WHERE number = 1)", "tile 0/0 is not that of"),
    ("DELETE FROM log_tiles", "the tiles have only 0 hashes"),
    ("UPDATE log_checkpoints SET note = (SELECT leaf FROM log_leaves WHERE number = 1)", "it is not one of this size"),
    ("UPDATE log_checkpoints SET size = size + 100", "it is not one of this size"),
    ("DELETE FROM log_leaves WHERE number = 5", "6 leaves were signed, and the log has 5"),
]


@pytest.mark.parametrize(("sql", "why"), TAMPERED)
async def test_tiles_and_checkpoints_in_the_database_are_compared_too(
    signed: World, address: str, sql: str, why: str
) -> None:
    await tampered(address, sql)
    found = await faults(signed)
    assert any(why in fault for fault in found), found


async def test_full_tiles_of_all_levels_are_compared(signed: World, address: str) -> None:
    await grow(signed.ctx, 600)
    assert [fault for fault in await faults(signed) if "leaf " not in fault] == []
    row = await signed.ctx.db.read(lambda tx: tiles.get_tile(tx, 1, 0))
    assert len(row) == 64
    await tampered(address, "UPDATE log_tiles SET hashes = (SELECT salt FROM visits LIMIT 1) WHERE level = 1")
    assert [fault for fault in await faults(signed) if "leaf " not in fault] == ["tile 1/0 is not that of the leaves"]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DOORSTEP_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DOORSTEP_URL", "https://doorstep.example")
    kept = tmp_path / "data" / "checkpoints"
    people = "person add li --name 李 --role technician --area 城东片区 --create".split()
    assert main(people) == 0
    assert kept.read_text().startswith("doorstep.example/log\n")
    assert main(["verify", "--checkpoint", str(kept)]) == 0
    away = tmp_path / "away"
    away.write_bytes(kept.read_bytes())
    (tmp_path / "data" / "keys" / "log").unlink()
    assert main(["verify", "--checkpoint", str(away)]) == 0  # the database knows the public key
    capsys.readouterr()
    other = log_key_public(new_log_key("doorstep.example/log"))
    assert main(["verify", "--checkpoint", str(away), "--key", other]) == 1
    assert "not signed with the key of the log" in json.loads(capsys.readouterr().out)["faults"][0]
    assert main(["verify", "--key", "x"]) == 1
    assert main(["keys", "new-log", "--name", "doorstep.example/log"]) == 1  # that is the one
    capsys.readouterr()
    assert main(["verify", "--checkpoint", str(tmp_path / "none")]) == 1
    capsys.readouterr()


def test_after_an_old_backup_a_log_of_another_name_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("DOORSTEP_DATA", str(data))
    monkeypatch.setenv("DOORSTEP_URL", "https://doorstep.example")
    assert main("person add li --name 李 --role technician --area 城东 --create".split()) == 0
    backup = (data / "doorstep.sqlite").read_bytes()
    assert main("person add sun --name 孙 --role technician --area 城东".split()) == 0
    (data / "doorstep.sqlite").write_bytes(backup)
    capsys.readouterr()
    assert main(["verify"]) == 1
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert "leaves were signed, and the log has" in fault
    assert main("person add wu --name 吴 --role technician --area 城东".split()) == 0  # it works, and is not signed
    assert "no checkpoint is signed" in capsys.readouterr().err
    assert main(["keys", "new-log", "--name", "doorstep.example/log/2"]) == 0
    key = json.loads(capsys.readouterr().out)["log"]
    assert main(["verify", "--checkpoint", str(data / "checkpoints"), "--key", key]) == 0
    assert (data / "checkpoints").read_text().startswith("doorstep.example/log/2\n")
    (former,) = data.glob("checkpoints-*")
    assert main(["verify", "--checkpoint", str(former)]) == 1  # it still says what was lost
    capsys.readouterr()


def test_a_new_log_is_signed_at_once_although_nothing_else_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("DOORSTEP_DATA", str(data))
    monkeypatch.setenv("DOORSTEP_URL", "https://doorstep.example")
    assert main("person add li --name 李 --role technician --area 城东 --create".split()) == 0
    size = int((data / "checkpoints").read_text().split("\n")[1])
    capsys.readouterr()
    assert main(["keys", "new-log", "--name", "doorstep.example/log/2"]) == 0
    key = json.loads(capsys.readouterr().out)["log"]
    origin, signed = (data / "checkpoints").read_text().split("\n")[:2]
    assert (origin, int(signed)) == ("doorstep.example/log/2", size + 1)
    with sqlite3.connect(data / "doorstep.sqlite") as db:
        (body,) = db.execute("SELECT body FROM events WHERE what = 'log-begun'").fetchone()
    begun = json.loads(body)
    assert (begun["subject"], begun["digest"]) == ("doorstep.example/log/2", hashlib.sha256(key.encode()).hexdigest())
