"""Every detail that a person may get says what to do in Chinese and English."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import errors
from service.errors import FieldError, Problem
from service.web.detail_words import bilingual, bilingual_error
from tests.support.api_client import VISIT, World
from tests.support.factories import a_plan

ROOT = Path(__file__).parents[2] / "service"
PROBLEMS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Problem)}
TYPE = "Expected `str`, got `int`"
ELSEWHERE = {"gateways.py", "worker.py"}


def literal(node: ast.expr) -> str:
    """The text of a literal; `7` for each value in it, '' if it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
    return ""


def details() -> Iterator[tuple[str, str]]:
    """Where a problem is raised, and its detail."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and path.name not in ELSEWHERE:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in PROBLEMS and (text := literal(node.args[0])):
                    yield f"{path.name}:{node.lineno}", text


def test_every_detail_is_in_both_languages() -> None:
    found = list(details())
    assert len(found) > 50
    assert [(where, text) for where, text in found if " / " not in bilingual(text)] == []


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (
            FieldError("/x", "invalid", "Expected `str`, got `int`"),
            "类型不对：须为 str，收到 int / Expected `str`, got `int`",
        ),
        (FieldError("/x", "unknown-type", "one of a, b"), "没有这种任务类型 / one of a, b"),
        (FieldError("/x", "missing", ""), "不能为空，请填写 / may not be empty; fill it in"),
        (FieldError("/x", "strange", "odd"), "内容不正确 / odd"),
        (FieldError("/x", "heading", "缺少 / missing"), "缺少 / missing"),
    ],
)
def test_errors(error: FieldError, detail: str) -> None:
    assert bilingual_error(error).detail == detail


async def test_answers(world: World) -> None:
    wrong = a_plan() | {"type": "nonsense", "technician": "li", "crew": []}
    for content in (wrong, b"{", {**a_plan(), "technician": 1}, a_plan() | {"technician": "nobody"}):
        answer = (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", content)).json()
        assert all(" / " in one["detail"] for one in answer["errors"]), answer
        assert not answer["detail"] or " / " in answer["detail"]
