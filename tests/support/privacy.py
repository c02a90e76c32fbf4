"""A visit of which there is something everywhere, and a search for what is left of it."""

import json
from pathlib import Path
from typing import Any

import asyncpg

from service.evidence import sweeper
from service.messages import gateways, worker
from tests.support.api_client import RECORD, VISIT, World
from tests.support.customer import Customer
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import a_plan, said, uid
from tests.support.fake_gateway import Post, set_up, stand
from tests.support.pictures import name, noise
from tests.support.uploads import create_upload, send_part

NAME, PHONE, OLD_PHONE = "司徒旻昊", "13987650421", "13799990817"
ADDRESS, ACCOUNT, ORDER = "紫藤弄 77 号 1203 室", "HU-88997766", "GD-5544332211"
PHOTO, PART, LOST, SHARED = noise((90, 80)), noise((120, 90)), noise((50, 50)), noise((60, 60))
WORDS = {
    "work": "阁楼里的增压泵异响",
    "place": "阁楼北墙后面",
    "window": "老太太上午要去医院透析",
    "details": "原来的号码是前房东的",
    "entry": "客户说他儿子在地震局工作",
    "office": "来电说门口有两只柴犬",
    "lost": "手机掉进了客户家的鱼缸",
    "review": "和客户的女婿核实过了",
    "explanation": "客户当时正在给孩子喂药",
    "quarantine": "隔离里的备注秘密花园",
    "look": "查看隔离因为客户投诉信",
    "comment": "师傅说话像我去世的舅舅",
    "call": "电话里她说住在阁楼隔间",
    "duty": "缺角的青花瓷瓶",
}
HOLD = uid("hold")
OTHER = uid("another visit")


async def lived_through(world: World) -> Customer:
    """A visit where everything happened that leaves something behind; another visit shares a file with it."""
    post = set_up(world.ctx, "07:00")
    texting: Any = world.ctx.company.gateways
    to_file = gateways.file(world.ctx.evidence_storage.data / "outbox.jsonl")
    texting["file"] = texting["email"] = to_file
    customer = {"name": NAME, "phone": OLD_PHONE, "address": ADDRESS, "account": ACCOUNT}
    plan = a_plan(
        area="城东",
        external_ref=ORDER,
        customer=customer,
        work={"content": WORDS["work"], "place": WORDS["place"]},
    )
    done = [await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", plan)]
    done.append(await world.plan(OTHER, area="城东"))
    path = f"/v1/visits/{VISIT}"
    ask = world.ask
    details = {"customer": customer | {"phone": PHONE}, "reason": WORDS["details"]}
    done.append(await ask("zhao", "PUT", f"{path}/details", details, if_match='"0"'))
    window = {"from": "2026-03-02T09:00:00+08:00", "to": "2026-03-02T10:30:00+08:00", "reason": WORDS["window"]}
    done.append(await ask("zhao", "PUT", f"{path}/window", window, if_match='"1"'))
    done.append(await ask("zhao", "POST", f"{path}/notice", {"channel": "file"}))
    await worker.deliver_due(world.ctx)
    call = {"called": f"{NAME} {PHONE}", "text": WORDS["call"]}
    done.append(await ask("zhao", "PUT", f"{path}/notice-calls/{uid('call')}", call))
    office = {"entries": [said("06:40", "appointment_agreed", by="dispatcher", label=WORDS["office"])]}
    done.append(await ask("zhao", "POST", f"{path}/entries", office))
    tao = await _customer(world, post)
    stand(world.ctx, "08:30")
    departure = {"at": "2026-03-02T08:30:00+08:00", "minutes": 20}
    done.append(await ask("li", "PUT", f"{path}/departure", departure))
    stand(world.ctx, "12:00")
    record = record_naming(PHOTO, PART, LOST, SHARED)
    record["entries"] += [
        said("09:07", "entered", label=WORDS["entry"], place={"lat": 31.2304161, "lon": 121.4737011}),
        said("09:20", "own_damage", thing="vase", label=WORDS["duty"]),
        said("10:00", "left"),
    ]
    done.append(await world.submit(record))
    done.append(await world.submit(record_naming(SHARED, record_id=uid("other"), visit=OTHER), uid("other")))
    done += [await send_evidence(world, PHOTO), await send_evidence(world, SHARED)]
    done.append(await ask("wang", "GET", f"/v1/evidence/{name(PHOTO)}"))  # makes a copy
    upload = await create_upload(world, PART)
    done += [upload, await send_part(world, upload.headers["location"], 0, PART[:2000])]
    done.append(await ask("li", "PUT", f"/v1/records/{RECORD}/lost/{name(LOST)}", {"reason": WORDS["lost"]}))
    bad = {
        "id": str(uid("bad")),
        "visit": str(VISIT),
        "checklist": "none@7",
        "entries": [],
        "note": WORDS["quarantine"],
    }
    refused = await world.submit(bad, uid("bad"))
    kept = refused.json()["quarantine"]
    done.append(await ask("wang", "GET", f"/v1/quarantine/{kept}?reason={WORDS['look']}"))
    await tao.enters()
    done.append(await tao.says(raises=[{"fact": "complaint_received", "text": WORDS["comment"]}], comment=NAME))
    shown = await ask("wang", "GET", f"{path}/review")
    codes = [one["finding"]["code"] for one in shown.json()["findings"]]
    asked = {"finding": codes[0], "text": WORDS["explanation"]}
    done.append(await ask("wang", "PUT", f"{path}/inquiries/{uid('inquiry')}", asked))
    explained = {"finding": codes[0], "text": WORDS["explanation"]}
    done.append(await ask("li", "PUT", f"{path}/explanations/{uid('explanation')}", explained))
    tag = (await ask("wang", "GET", f"{path}/review")).headers["etag"]
    decided = {"findings": [], "comment": WORDS["review"]}
    done.append(await ask("wang", "PUT", f"{path}/review", decided, if_match=tag))
    await worker.deliver_due(world.ctx)
    await sweeper.delete_unreferenced(world.ctx)
    wrong = [(one.request.method, one.request.url.path, one.text) for one in done if one.status_code >= 400]
    assert not wrong, wrong
    return tao


async def _customer(world: World, post: Post) -> Customer:
    made = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")
    return Customer(world, post, made.json()["token"], VISIT, "203.0.113.7")


def needles() -> dict[str, bytes]:
    """What nothing of may be left, by what it is."""
    texts = {"name": NAME, "phone": PHONE, "old phone": OLD_PHONE, "address": ADDRESS, "account": ACCOUNT}
    texts |= {"order": ORDER, **WORDS, "latitude": "31.2304161"}
    found = {what: text.encode() for what, text in texts.items()}
    found |= {f"{what} as it is searched": "".join(text.split()).casefold().encode() for what, text in texts.items()}
    found |= {f"{what} in JSON": json.dumps(text).strip('"').encode() for what, text in texts.items()}
    return found | {"photo": PHOTO[-300:-200], "part": PART[1500:1600]}


def left_in_folders(*folders: Path) -> set[str]:
    """Which of them are in the bytes of any file."""
    contents = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {what for what, text in needles().items() if any(text in content for content in contents)}


async def left_in_postgres(address: str) -> set[str]:
    """Which of them are in a row of any table."""
    connection = await asyncpg.connect(address)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        content = b""
        for (table,) in tables:
            for row in await connection.fetch(f"SELECT * FROM {table}"):  # noqa: S608 - a dump
                content += b"\n".join(one if isinstance(one, bytes) else str(one).encode() for one in row) + b"\n"
    finally:
        await connection.close()
    return {what for what, text in needles().items() if text in content}
