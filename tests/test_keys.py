"""Keys outside the database: made once, asked for ever after; what they seal is worth nothing without them."""

import asyncio
import base64
from pathlib import Path

import msgspec
import pytest

from service.accounts import credentials, secrets
from service.accounts.sealing import TOTP_SECRET, seal_stored
from service.config.settings import Settings
from service.context import AppContext
from service.db.database import Transaction
from service.keys import KeyUnusable, log_key_public, new_log_key, read_log_key
from service.lifecycle import build_context, open_context, replace_sealing_key
from service.sealer import CannotOpen, Sealer
from tests.support.factories import Town
from tests.support.sql import run_sql

SECRET = b"s" * 20


@pytest.fixture
async def settings(address: str, tmp_path: Path) -> Settings:
    return Settings(database=address, data=tmp_path / "data")


def key(letter: bytes = b"k") -> str:
    return base64.b64encode(letter * 32).decode()


async def opened(settings: Settings) -> AppContext:
    async with open_context(build_context(settings)) as ctx:
        return ctx


async def hired(ctx: AppContext) -> None:
    """People, one with an authenticator, and the key of door codes."""
    await Town(ctx.db).open()
    await ctx.db.write(lambda tx: credentials.set_totp(ctx, tx, "wang", SECRET))
    await ctx.db.write(lambda tx: secrets.get_or_create_door_code_key(ctx, tx))


async def kept(ctx: AppContext) -> tuple[bytes, bytes]:
    """What was sealed, opened."""

    async def read(tx: Transaction) -> tuple[bytes, bytes]:
        factor, door = await credentials.get_totp(ctx, tx, "wang"), await secrets.get_door_code_key(ctx, tx)
        assert factor is not None
        assert door is not None
        return factor.secret, door

    return await ctx.db.read(read)


async def stored(ctx: AppContext) -> list[bytes]:
    """The same as the database has it."""

    async def read(tx: Transaction) -> list[bytes]:
        rows = [*await tx.fetch_all("totp_secrets"), *await tx.fetch_all("secrets")]
        return [row[1] for row in rows]

    return await ctx.db.read(read)


async def test_keys_are_made_at_the_first_start_and_used_ever_after(settings: Settings):
    async with open_context(build_context(settings)) as ctx:
        first = ctx.keys.log
        await hired(ctx)
        before = await kept(ctx)
        assert before[0] == SECRET
        assert not any(secret in value for value in await stored(ctx) for secret in before)
    async with open_context(build_context(settings)) as ctx:
        assert ctx.keys.log == first
        assert await kept(ctx) == before


@pytest.mark.parametrize("purpose", ["sealing", "log"])
@pytest.mark.parametrize("change", ["gone", "another", "unreadable", "another by setting"])
async def test_a_server_with_other_keys_does_not_start(settings: Settings, purpose: str, change: str):
    await opened(settings)
    path = settings.data / "keys" / purpose
    other = key() if purpose == "sealing" else new_log_key("doorstep.invalid")
    if change == "another by setting":
        settings = msgspec.structs.replace(settings, **{f"{purpose}_key": other})
    elif change == "gone":
        path.unlink()
    else:
        path.write_text(other if change == "another" else "nonsense")
    with pytest.raises(KeyUnusable):
        await opened(settings)
    assert change != "gone" or not path.exists()


async def test_keys_in_settings_need_no_file(settings: Settings):
    settings = msgspec.structs.replace(settings, sealing_key=key(), log_key=new_log_key("water.example"))
    async with open_context(build_context(settings)) as ctx:
        await hired(ctx)
        assert read_log_key(ctx.keys.log)[0] == "water.example"
        assert log_key_public(ctx.keys.log).startswith("water.example+")
    assert not (settings.data / "keys").exists()
    new = msgspec.structs.replace(settings, sealing_key=f"{key(b'n')},{key()}")
    async with open_context(build_context(new)) as ctx:
        before = await kept(ctx)
    async with open_context(build_context(msgspec.structs.replace(settings, sealing_key=key(b"n")))) as ctx:
        assert await kept(ctx) == before
    with pytest.raises(KeyUnusable):
        await opened(settings)


async def test_a_key_is_replaced_while_another_server_runs(settings: Settings):
    async with open_context(build_context(settings)) as running:
        await hired(running)
        before, sealed = await kept(running), await stored(running)
        async with open_context(build_context(settings)) as ctx:
            ids = await replace_sealing_key(ctx)
            assert len(ids) == 2
            assert await kept(ctx) == before
        assert not set(await stored(running)) & set(sealed)
        assert await kept(running) == before
        assert running.keys.sealer.ids == ids


async def test_a_damaged_secret_keeps_nobody_from_starting_nor_from_replacing_the_key(settings: Settings):
    async with open_context(build_context(settings)) as ctx:
        await hired(ctx)
        before = await kept(ctx)
        await ctx.db.write(lambda tx: credentials.set_totp(ctx, tx, "li", SECRET))
    await run_sql(settings.database, "UPDATE totp_secrets SET secret = substr(secret, 1, 40) WHERE login = 'li'")
    async with open_context(build_context(settings)) as ctx:
        assert len(await replace_sealing_key(ctx)) == 2
    async with open_context(build_context(settings)) as ctx:
        assert await kept(ctx) == before
        with pytest.raises(CannotOpen):
            await ctx.db.read(lambda tx: credentials.get_totp(ctx, tx, "li"))


@pytest.mark.parametrize("engine", ["postgres"])  # SQLite has one writer
async def test_what_is_replaced_while_it_is_sealed_again_stays(settings: Settings):
    async with open_context(build_context(settings)) as ctx:
        await hired(ctx)
        written = asyncio.Event()

        async def set_up_again(tx: Transaction) -> None:
            await credentials.set_totp(ctx, tx, "wang", b"n" * 20)
            written.set()
            await asyncio.sleep(0.3)

        async def seal(tx: Transaction) -> list[str | bytes]:
            key = base64.b64decode((settings.data / "keys" / "sealing").read_text())
            return await seal_stored(tx, Sealer([b"k" * 32, key]), (TOTP_SECRET,), plain_too=False)

        other = asyncio.create_task(ctx.db.write(set_up_again))
        await written.wait()
        assert await ctx.db.write(seal) == []
        await other
        assert (await kept(ctx))[0] == b"n" * 20


async def test_what_an_older_version_wrote_is_sealed_at_the_first_start_only(settings: Settings):
    async with open_context(build_context(settings)) as ctx:
        await hired(ctx)
        door = (await kept(ctx))[1]

        async def as_before(tx: Transaction) -> None:
            for query, key, new in (("totp_secret", "wang", SECRET), ("secret", "doorstep", door)):
                old = dict(await tx.fetch_all(f"{query}s"))[key]
                assert await tx.execute(f"replace_{query}", key=key, old=old, new=new) == 1

        await ctx.db.write(as_before)
        with pytest.raises(CannotOpen):
            await kept(ctx)
    async with open_context(build_context(settings)) as ctx:  # somebody else wrote it: it does not become a secret
        with pytest.raises(CannotOpen):
            await kept(ctx)
        await run_sql(settings.database, "DELETE FROM known_keys")
    async with open_context(build_context(settings)) as ctx:
        assert await kept(ctx) == (SECRET, door)


def test_what_is_sealed_cannot_be_moved_or_changed():
    sealer = Sealer([b"k" * 32])
    sealed = sealer.seal(b"secret", "totp_secrets.secret", "wang")
    assert sealer.open(sealed, "totp_secrets.secret", "wang") == b"secret"
    assert sealed != sealer.seal(b"secret", "totp_secrets.secret", "wang")
    others = [("totp_secrets.secret", "li"), ("secrets.value", "wang"), ("totp_secrets.secretwang", "")]
    for identity in others:
        with pytest.raises(CannotOpen):
            sealer.open(sealed, *identity)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CannotOpen):
            sealer.open(changed, "totp_secrets.secret", "wang")
