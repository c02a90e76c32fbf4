"""The desk's pages of checklists: the versions, what one says, and what differs between two."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import inspect

from service.checklists.differences import compare
from service.checklists.loader import bundled_checklists_dir, load_checklist
from service.checklists.publish import publish
from service.checklists.words import FIELDS, ChecklistWords
from service.judge.checklist import Checklist
from tests.support.api_client import World
from tests.support.checklist_copy import BORROWING, change, copied
from tests.support.desk import DeskBrowser, signed_in, text_of

PAGE = "/desk/checklists"
BUNDLED = load_checklist(bundled_checklists_dir()).checklist


@pytest.fixture
async def wang(world: World, tmp_path: Path) -> DeskBrowser:
    """The supervisor, after a second version with a question and an item that say something else."""
    folder = copied(tmp_path)
    change(folder, BORROWING, "借用物品归还前未清洁", "归还前没有擦干净")
    change(folder, "questions.toml", "现场是否清理干净？", "现场清理得干净吗？")
    await publish(world.ctx, folder, "王", "换了说法")
    return await signed_in(world, "wang")


def rows(page: httpx.Response) -> list[list[str]]:
    """The cells of every row of every table."""
    cells = [re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row) for row in page.text.split("<tr")[1:]]
    return [[" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def edited(**items: dict[str, Any]) -> Checklist:
    """The bundled checklist with other fields of some items."""
    changed = tuple(msgspec.structs.replace(item, **items.get(item.id, {})) for item in BUNDLED.items)
    return msgspec.structs.replace(BUNDLED, items=changed)


async def test_every_version_shows_who_published_it_when_and_why(wang: DeskBrowser) -> None:
    found = [row for row in rows(await wang.get(PAGE)) if row[0].startswith("第")]
    assert [row[0] for row in found] == ["第 2 版", "第 1 版"]
    assert found[0][2:4] == ["王", "换了说法"]
    listed = (await wang.world.ask("wang", "GET", "/v1/checklists")).json()["items"]
    assert found[1][2:4] == [listed[0]["published_by"], listed[0]["reason"].partition(" / ")[0]]
    assert "2026年3月2日" in found[0][1]


async def test_a_version_shows_every_item_below_its_clause_and_every_question(wang: DeskBrowser) -> None:
    answer = await wang.get(f"{PAGE}/onsite/2")
    parts = re.split('<h2 id="[^"]*">', answer.text)[1:]
    for item in BUNDLED.items:
        (part,) = (part for part in parts if f'<tr id="{item.id}">' in part)
        assert part.startswith(item.clause.replace("'", "&#39;")), item.id
    found = {row[0].split()[0]: row for row in rows(answer) if row}
    assert found["清洁借用物品"][1:] == ["违规", "借用客户物品 作业", "技术员", "点确认"]
    page = text_of(answer)
    for question in BUNDLED.questions:
        if "{items}" not in question.zh and question.id != "q_clean":
            assert question.zh in page
    assert "现场清理得干净吗？" in page
    assert "现场清理得干净吗？" not in text_of(await wang.get(f"{PAGE}/onsite/1"))


async def test_the_differences_name_each_field_and_nothing_else(wang: DeskBrowser) -> None:
    answer = await wang.get(f"{PAGE}/onsite?old=1&new=2")
    assert [row for row in rows(answer) if row[0] != "内容"] == [
        ["班长看到的话 · 中文", "借用物品归还前未清洁（4.3.4）", "归还前没有擦干净（4.3.4）"],
        ["中文", "现场是否清理干净？", "现场清理得干净吗？"],
    ]
    same = text_of(await wang.get(f"{PAGE}/onsite"))
    assert text_of(answer).partition("打印于")[0] == same.partition("打印于")[0]  # then follows the address
    other_way = await wang.get(f"{PAGE}/onsite?old=2&new=1")
    assert ["中文", "现场清理得干净吗？", "现场是否清理干净？"] in rows(other_way)
    assert "两个版本没有不同" in text_of(await wang.get(f"{PAGE}/onsite?old=2&new=2"))
    english = await wang.get(f"{PAGE}/onsite?old=1&new=2", accept_language="en")
    assert ["Chinese", "现场是否清理干净？", "现场清理得干净吗？"] in rows(english)


async def test_unknown_versions_are_not_found(wang: DeskBrowser) -> None:
    for path in ("nothing", "onsite?new=3", "onsite?old=x", "onsite/3", "nothing/1"):
        assert (await wang.get(f"{PAGE}/{path}")).status_code == 404, path


async def test_who_sees_it(wang: DeskBrowser) -> None:
    for who in ("zhao", "wang", "admin"):
        page = await (await signed_in(wang.world, who)).get(PAGE)
        assert (page.status_code, f'href="{PAGE}" aria-current="page"' in page.text) == (200, True), who
    li = await signed_in(wang.world, "li")
    for path in (PAGE, f"{PAGE}/onsite", f"{PAGE}/onsite/1"):  # they may read it over the API too
        page = await li.get(path)
        assert (page.status_code, f'<a href="{PAGE}" aria-current' in page.text) == (200, False)
        answer = await DeskBrowser(wang.world).get(path)
        assert (answer.status_code, answer.headers["location"][:13]) == (303, "/sign-in?next")


def test_items_that_are_added_removed_or_moved_are_named() -> None:
    first, second, *others = BUNDLED.items
    fewer = msgspec.structs.replace(BUNDLED, items=(second, *others))
    (section,) = compare(BUNDLED, fewer)
    assert [(part.kind, part.key, part.title) for part in section.parts] == [("removed", first.id, first.label)]
    (section,) = compare(fewer, BUNDLED)
    assert [(part.kind, part.key, section.reordered) for part in section.parts] == [("added", first.id, False)]
    assert any(change.after == (first.label,) or not change.before for change in section.parts[0].changes)
    (section,) = compare(BUNDLED, msgspec.structs.replace(BUNDLED, items=(second, first, *others)))
    assert (section.parts, section.reordered) == ((), True)


def test_rules_of_order_are_recognised_by_what_they_say() -> None:
    cleaned = next(item for item in BUNDLED.items if item.id == "borrow_cleaned")
    used, returned = cleaned.order
    (section,) = compare(BUNDLED, edited(borrow_cleaned={"order": (returned,)}))
    texts = [[one.zh for one in change.label] for change in section.parts[0].changes]
    assert all(text[:3] == ["先后", "后于", "开始使用借用物品"] for text in texts), texts
    (section,) = compare(BUNDLED, edited(borrow_cleaned={"order": (returned, used)}))
    assert [one.zh for one in section.parts[0].changes[0].label] == ["先后", "次序"]
    milder = msgspec.structs.replace(used, sev="info")
    (section,) = compare(BUNDLED, edited(borrow_cleaned={"order": (milder, returned)}))
    (found,) = section.parts[0].changes
    assert ([one.zh for one in found.before], [one.zh for one in found.after]) == (["违规"], ["说明"])


def test_every_field_has_a_name() -> None:
    names = {name for name in _fields(inspect.type_info(Checklist)) if not name.startswith("Checklist.")}
    assert len(names) > 60
    assert {name for name in names if name.rpartition(".")[2] not in FIELDS} == set()


@pytest.mark.parametrize("field", [name for name in Checklist.__struct_fields__ if name not in ("id", "version")])
def test_a_change_anywhere_is_found(field: str) -> None:
    value = getattr(BUNDLED, field)
    if isinstance(value, msgspec.Struct):
        name = value.__struct_fields__[0]
        other = msgspec.structs.replace(value, **{name: type(getattr(value, name))(7)})
    else:
        other = type(value)()
    assert len(compare(BUNDLED, msgspec.structs.replace(BUNDLED, **{field: other}))) == 1


def test_conditions_are_in_words() -> None:
    words = ChecklistWords(BUNDLED)
    found = words.condition("breach_found and not inspector_on_site")
    facts = BUNDLED.facts
    assert found.zh == f"{facts['breach_found'].zh}并且没有{facts['inspector_on_site'].zh}"
    assert found.en == f"{facts['breach_found'].en} and not {facts['inspector_on_site'].en}"
    kinds = BUNDLED.visit_types
    inspection = words.condition("visit_type == 'water_use_inspection'")
    assert inspection.en == f"visit type is {kinds['water_use_inspection'].en}"


def _fields(shape: inspect.Type) -> Iterator[str]:
    match shape:
        case inspect.StructType():
            for field in shape.fields:
                yield f"{shape.cls.__name__}.{field.name}"
                yield from _fields(field.type)
        case inspect.UnionType():
            for member in shape.types:
                yield from _fields(member)
        case inspect.Metadata():
            yield from _fields(shape.type)
        case inspect.DictType():
            yield from _fields(shape.value_type)
        case inspect.VarTupleType():
            yield from _fields(shape.item_type)
        case _:
            return


async def test_why_the_first_version_was_published_is_in_one_language(world: World) -> None:
    wang = await signed_in(world, "wang")
    for path in (PAGE, f"{PAGE}/onsite/1"):
        assert "随程序发布的初始版本" in (await wang.get(path)).text
        assert "bundled" not in (await wang.get(path)).text
        assert "随程序" not in (await wang.get(path, accept_language="en")).text
