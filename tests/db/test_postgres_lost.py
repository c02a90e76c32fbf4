"""PostgreSQL going away at any byte of a conversation is 503, never 500: somebody will come again."""

import asyncio
import random
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.databases import empty_schema
from tests.support.factories import a_plan, a_record, encode, said, uid
from tests.support.running import Running, hired


def _farewell(code: str) -> bytes:
    """What PostgreSQL says when it ends a connection."""
    fields = f"SFATAL\0VFATAL\0C{code}\0Mterminating connection\0\0".encode()
    return b"E" + struct.pack("!i", 4 + len(fields)) + fields


class Cutting:
    """A way to a server that breaks off after so many bytes: with PostgreSQL's farewell, in the middle of an answer, or
    before one; politely or not."""

    def __init__(self, socket: str) -> None:
        self.socket, self.chance, self.cutting, self.cuts = socket, random.Random(9), False, 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_unix_connection(self.socket)
        pumps = [asyncio.create_task(self._pump(*each, writer)) for each in ((reader, to), (there, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        rude = self.chance.random() < 0.3
        for each in (writer, to):
            if rude:
                each.transport.abort()
            else:
                each.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        left = int(10 ** self.chance.uniform(2.5, 5.3))
        while part := await reader.read(65536):
            if self.cutting and len(part) >= left:
                self.cuts += 1
                how = self.chance.choice(("within", "before", "after", "farewell", "farewell after"))
                cut = {"within": self.chance.randint(0, len(part)), "before": 0, "farewell": 0}.get(how, len(part))
                writer.write(part[:cut])
                if "farewell" in how:
                    client.write(_farewell(self.chance.choice(("57P01", "57P02", "57P03", "57P05", "53300"))))
                    await client.drain()
                return
            left -= len(part) if self.cutting else 0
            writer.write(part)
            await writer.drain()


async def ask(server: Running, people: list[dict[str, str]], numbers: Any, statuses: Counter[int]) -> None:
    """Plan, submit, look, one after the other; who is told to come again does."""
    zhao, li = people
    async with httpx.AsyncClient(base_url=server.address, timeout=60) as client:
        for number in numbers:
            visit, record = uid(f"v{number}"), a_record(f"r{number}", uid(f"v{number}"), said("09:05", "arrived"))
            for method, path, content, who in (
                ("PUT", f"/v1/visits/{visit}", encode(a_plan()), zhao),
                ("PUT", f"/v1/records/{uid(f'r{number}')}", record, li),
                ("GET", f"/v1/visits/{visit}", None, zhao),
                ("GET", "/v1/agenda", None, li),
                ("GET", "/health/ready", None, {}),
            ):
                for _ in range(8):
                    answer = await client.request(method, path, content=content, headers=who)
                    statuses[answer.status_code] += 1
                    if answer.status_code != 503:
                        break
                    assert answer.json()["code"] == "busy"
                    assert "retry-after" in answer.headers


@pytest.mark.timeout(300)
async def test_a_server_that_goes_away_is_never_a_defect(postgres: str, tmp_path: Path) -> None:
    folder = postgres.partition("host=")[2].partition("&")[0]
    async with empty_schema(postgres) as address:
        name = address.partition("search_path=")[2]
        cutting = Cutting(f"{folder}/.s.PGSQL.5432")
        proxy = await asyncio.start_server(cutting.pass_on, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        database = {"database": f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable&search_path={name}"}
        people = [
            await asyncio.to_thread(hired, tmp_path, login, role, **database)
            for login, role in (("zhao", "dispatcher"), ("li", "technician"))
        ]
        server = await asyncio.to_thread(Running, tmp_path, **database)
        statuses: Counter[int] = Counter()
        try:
            cutting.cutting = True
            numbers = iter(range(100))
            await asyncio.gather(*(ask(server, people, numbers, statuses) for _ in range(8)))
            cutting.cutting = False
            await ask(server, people, range(1000, 1003), after := Counter[int]())
            assert after[201] == 6
            assert cutting.cuts > 100
            assert min(statuses[503], statuses[201]) > 20
            assert statuses[500] == 0, [line for line in server.log() if line["event"] == "defect"][:3]
        finally:
            await asyncio.to_thread(server.close)
            proxy.close()
