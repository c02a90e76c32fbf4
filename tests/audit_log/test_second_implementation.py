"""Go's `x/mod/sumdb`, which others wrote, accepts our checkpoints, proofs and tiles, and refuses each altered one.

Tiles and checkpoints come over HTTP, as they would to anybody.
"""

import json
import os
import random
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.audit_log import checkpoints, log, notes, tiles
from service.audit_log.tiles import TileAddress, tile_path
from service.audit_log.tree import HashReader, stored_tree
from service.context import AppContext
from service.db.database import Transaction
from service.keys import log_key_public, new_log_key
from tests.support.api_client import World, opened_world

PROGRAM = Path(__file__).parents[1] / "support" / "second_log.go"
SIZES = (2, 3, 255, 256, 257, 511, 700)


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, compiled."""
    if shutil.which("go") is None:
        pytest.skip("Go is missing (Debian: golang-go golang-golang-x-mod-dev)")
    built = tmp_path_factory.mktemp("second") / "second"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", str(built), str(PROGRAM)], env=environment, check=True, timeout=240)
    return built


def asked(second: Path, cases: list[dict[str, Any]]) -> list[str]:
    """The answer to each case."""
    lines = "\n".join(json.dumps(case, default=lambda raw: b64encode(raw).decode()) for case in cases)
    done = subprocess.run([str(second)], input=lines, capture_output=True, text=True, check=True, timeout=120)
    answers = done.stdout.splitlines()
    assert len(answers) == len(cases)
    return answers


def leaf(number: int) -> bytes:
    return b'{"c":"%064x","s":%d,"t":"visit.submitted"}' % (number, number)


async def grow(ctx: AppContext, start: int, end: int) -> None:
    """Add leaves, number and sign them."""

    async def add(tx: Transaction) -> None:
        for number in range(start, end):
            await tx.execute("add_leaf", id=(number + 1).to_bytes(16, "big"), leaf=leaf(number), at=number)

    await ctx.db.write(add)
    await checkpoints.settle(ctx)


class Signed:
    """A log with its checkpoints by size, and the tiles of the last one by the path that Go has for them."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, checkpoints.verifier_key(world.ctx)
        self.notes: dict[int, bytes] = {}
        self.leaves: list[bytes] = []
        self.tiles: dict[str, bytes] = {}

    async def fetch_tiles(self) -> None:
        """All tiles of the tree, over HTTP."""
        level, size = 0, len(self.leaves)
        while size:
            for number in range(-(-size // 256)):
                path = tile_path(TileAddress(level, number, min(256, size - number * 256)))
                answer = await self.world.ask(None, "GET", f"/log/tile/{path}")
                assert answer.status_code == 200, path
                self.tiles[f"tile/8/{path}"] = answer.content
            level, size = level + 1, size // 256


@pytest.fixture
async def signed(tmp_path: Path, address: str) -> AsyncIterator[Signed]:
    async with opened_world(address) as world:
        found = Signed(world)
        await checkpoints.settle(world.ctx)
        rows = await world.ctx.db.read(lambda tx: tx.fetch_all("numbered_leaves", first=0, size=9))
        begun = [row[0] for row in rows]
        found.notes[SIZES[0]] = (await world.ask(None, "GET", "/log/checkpoint")).content
        for start, end in pairwise(SIZES):
            await grow(world.ctx, start, end)
            found.notes[end] = (await world.ask(None, "GET", "/log/checkpoint")).content
        found.leaves = [*begun, *map(leaf, range(*SIZES[:: len(SIZES) - 1]))]
        await found.fetch_tiles()
        yield found


async def proof(ctx: AppContext, work: Any) -> list[bytes]:
    async def read(tx: Transaction) -> list[bytes]:
        return await work(stored_tree(tx))

    return await ctx.db.read(read)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_go_accepts_ours_and_refuses_each_altered_one(signed: Signed, second: Path) -> None:
    chance, cases = random.Random(11), list[tuple[dict[str, Any], bool]]()
    for size in SIZES:
        for _ in range(15):
            number = chance.randrange(size)
            path = await proof(signed.world.ctx, lambda tree, n=number, s=size: tree.inclusion(n, s))
            case = {
                "Key": signed.key,
                "Note": signed.notes[size],
                "Leaf": signed.leaves[number],
                "Number": number,
                "Proof": path,
            }
            cases.append((case, True))
            cases += [(bad, False) for bad in altered(case, chance)]
            if size == SIZES[-1]:
                with_tiles = {**case, "Tiles": signed.tiles}
                cases.append((with_tiles, True))
                cases.append(({**with_tiles, "Tiles": bitten(signed.tiles, chance)}, False))
    for old in SIZES[:-1]:
        for new in [size for size in SIZES if size > old]:
            path = await proof(signed.world.ctx, lambda tree, o=old, n=new: tree.consistency(o, n))
            case = {"Key": signed.key, "Note": signed.notes[new], "Old": signed.notes[old], "Proof": path}
            cases.append((case, True))
            cases += [(bad, False) for bad in altered(case, chance)]
    answers = asked(second, [case for case, _ in cases])
    wrong = [(case, answer) for (case, good), answer in zip(cases, answers, strict=True) if (answer == "ok") != good]
    assert wrong == []
    assert sum(good for _, good in cases) == 105 + 15 + 21
    assert len(cases) > 700


def altered(case: dict[str, Any], chance: random.Random) -> list[dict[str, Any]]:
    """The case with one bit changed in each of its parts, and with a hash more and less."""
    found = [{**case, name: flipped(case[name], chance)} for name in ("Note", "Leaf", "Old") if case.get(name)]
    path: list[bytes] = case["Proof"]
    found.append({**case, "Proof": [*path, bytes(32)]})
    if path:
        at = chance.randrange(len(path))
        found.append({**case, "Proof": [*path[:at], flipped(path[at], chance), *path[at + 1 :]]})
        found.append({**case, "Proof": [*path[:at], *path[at + 1 :]]})
    if "Leaf" in case and path:
        found.append({**case, "Number": case["Number"] ^ 1})
    found.append({**case, "Key": log_key_public(new_log_key("doorstep.invalid/log"))})
    return found


def flipped(raw: bytes, chance: random.Random) -> bytes:
    found = bytearray(raw)
    found[chance.randrange(len(raw))] ^= 1 << chance.randrange(7)
    return bytes(found)


def bitten(stored: dict[str, bytes], chance: random.Random) -> dict[str, bytes]:
    """Tiles of which one bit in each is changed."""
    return {path: flipped(raw, chance) for path, raw in stored.items()}


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_go_signs_is_what_we_sign(second: Path, engine: str) -> None:
    key = new_log_key("doorstep.example/log")
    texts = [notes.Checkpoint("doorstep.example/log", size, bytes([size]) * 32).text for size in range(20)]
    answers = asked(second, [{"Sign": key, "Text": text} for text in texts])
    for text, answer in zip(texts, answers, strict=True):
        theirs = b64decode(answer)
        assert theirs == notes.sign(text, key)  # Ed25519 has one signature
        assert notes.parse_note(theirs).signed_by([notes.parse_verifier_key(log_key_public(key))])


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_entry_bundles_hash_to_the_tiles(signed: Signed) -> None:
    for number, width in ((0, 256), (1, 256), (2, 188)):
        path = tile_path(TileAddress(None, number, width))
        bundle = (await signed.world.ask(None, "GET", f"/log/tile/{path}")).content
        leaves: list[bytes] = []
        while bundle:
            size = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2 : 2 + size])
            bundle = bundle[2 + size :]
        assert leaves == signed.leaves[number * 256 : number * 256 + width]
        hashes = signed.tiles[f"tile/8/{tile_path(TileAddress(0, number, width))}"]
        assert [tiles.leaf_hash(one) for one in leaves] == [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


async def test_the_tree_is_the_same_on_both_engines(address: str) -> None:
    async with opened_world(address) as world:
        await log.assign_sequence_numbers(world.ctx.db)
        await grow(world.ctx, 2, 600)
        stored = await world.ctx.db.read(lambda tx: tx.fetch_all("numbered_leaves", first=2, size=9999))
        assert [row[0] for row in stored] == [leaf(number) for number in range(2, 600)]
        from_tiles = await world.ctx.db.read(lambda tx: stored_tree(tx).root(600))
        rows = await world.ctx.db.read(lambda tx: tx.fetch_all("numbered_leaves", first=0, size=9999))
        made = {(0, at // 256): b"" for at in range(600)}
        for at, (data, _) in enumerate(rows):
            made[0, at // 256] += tiles.leaf_hash(data)
        made[1, 0] = tiles.perfect_root(made[0, 0]) + tiles.perfect_root(made[0, 1])

        async def get_tile(level: int, number: int) -> bytes:
            return made[level, number]

        assert await HashReader(get_tile).root(600) == from_tiles
