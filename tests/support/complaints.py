"""A customer who complains on their page, and the answer that the office writes down."""

from tests.support.api_client import World
from tests.support.customer import Customer, advance_clock, example_customer
from tests.support.factories import uid

COMPLAINT = {"fact": "complaint_received", "text": "师傅态度不好"}
ANSWER = "complaint_answered_5d"


async def complaining(world: World, *raised: dict[str, str], name: str = "S01") -> Customer:
    tao = await example_customer(world, name)
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.says(raises=raised or [COMPLAINT])).status_code == 200
    advance_clock(world, minutes=5)
    return tao


async def answers(world: World, tao: Customer, text: str, name: str = "a", what: str = ANSWER) -> None:
    """Supervisor 王 writes down the answer."""
    proof = {"kind": "message_log", "channel": "phone", "text": text}
    entry = {"id": str(uid(name)), "at": world.ctx.now().isoformat(), "what": what, "by": "office"}
    content = {"entries": [{**entry, "evidence": [proof]}]}
    written = await world.ask("wang", "POST", f"/v1/visits/{tao.visit}/entries", content)
    assert written.status_code == 201, written.text
