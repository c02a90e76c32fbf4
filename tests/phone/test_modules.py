"""The modules of the judge: their types hold, they depend on nothing, and their parts read what Python reads."""

import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.judge.condition import parse
from service.judge.entries import AwareDatetime
from service.judge.timeline import to_microseconds
from tests.support.javascript_judge import MODULES, run_node
from tests.support.nodejs import HERE
from tests.support.random_visits import ANSWERS, EXTREME, RULES

TSC = HERE / "vendor" / "typescript" / "lib" / "tsc.js"


def check_types(project: Path) -> subprocess.CompletedProcess[bytes]:
    return run_node(TSC, "--project", project)


def test_the_types_hold() -> None:
    done = check_types(HERE / "phone")
    assert (done.returncode, done.stdout.decode()) == (0, "")


WRONG = {
    "null is no text": ("text == null || text.trim()", "text.trim()"),
    "no such field": ("entry.refused?.reason", "entry.refused?.reasons"),
    "a method of newer browsers": ("Object.prototype.hasOwnProperty.call(object, key)", "Object.hasOwn(object, key)"),
    "moments are no numbers": ("1440n * MINUTE", "1440 * MINUTE"),
}


def test_wrong_types_are_found(tmp_path: Path) -> None:
    modules = shutil.copytree(MODULES, tmp_path / "judge")
    for old, new in WRONG.values():
        (path,) = [path for path in modules.glob("*.js") if old in path.read_text("utf-8")]
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    config = json.loads((HERE / "phone" / "tsconfig.json").read_bytes())
    (tmp_path / "tsconfig.json").write_text(json.dumps(config | {"include": ["judge"]}), "utf-8")
    found = check_types(tmp_path).stdout.decode()
    assert len(re.findall(r"error TS\d+", found)) >= len(WRONG)
    for file in ("texts.js", "evidence.js", "moments.js"):
        assert f"{file}(" in found


def test_a_module_imports_only_its_neighbours_and_asks_for_nothing() -> None:
    for path in MODULES.glob("*.js"):
        code = re.sub(r"/\*.*?\*/|//.*", "", path.read_text("utf-8"), flags=re.DOTALL)
        imports = re.findall(r"import\b[^;]*?'([^']+)';", code)
        assert all((MODULES / name).is_file() and name.startswith("./") for name in imports)
        assert code.count("import") == len(imports)
        assert not re.search(
            r"\b(eval|Function|fetch|Date\.now|new Date\(\)|Math\.random|localStorage|indexedDB)\b", code
        )


def by_node(**given: Any) -> dict[str, Any]:
    content = json.dumps({"moments": [], "conditions": [], **given}).encode()
    done = run_node(HERE / "phone" / "parts.mjs", MODULES, given=content)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def by_python(text: str) -> str | None:
    try:
        return str(to_microseconds(msgspec.convert(text, AwareDatetime)))
    except msgspec.ValidationError:
        return None


def moments() -> list[str]:
    """Texts like moments."""
    draw = random.Random(1)
    parts = (
        ("0000", "0001", "0099", "0100", "1582", "1900", "2000", "2024", "2026", "9999", "10000", "202", "-2026"),
        ("-",),
        ("00", "01", "02", "04", "12", "13", "2"),
        ("-",),
        ("00", "01", "28", "29", "30", "31", "32"),
        ("T", "t", " ", "_", "", "\u00a0"),
        ("00:00:00", "09:30:15", "23:59:59", "24:00:00", "23:59:60", "23:60:00", "09:30", "093015", "٠٩:30:15"),
        ("", "", ".", ",5", ".5", ".000001", ".0000005", ".0000004999", ".9999994", ".9999995", ".1234567890123456789"),
        (
            "Z",
            "z",
            "+00:00",
            "-00:00",
            "+08:00",
            "-0330",
            "+23:59",
            "-23:59",
            "+24:00",
            "+08:60",
            "+8:00",
            "+08",
            "",
            " Z",
        ),
    )
    drawn = ["".join(map(draw.choice, parts)) for _ in range(10_000)]
    mostly = [tuple(part[: max(1, len(part) - 2)]) for part in parts]
    return drawn + ["".join(map(draw.choice, mostly)) for _ in range(10_000)]


def test_moments_are_read_to_the_microsecond() -> None:
    texts = [*moments(), *EXTREME, *(str(answer) for answer in ANSWERS)]
    expected = [by_python(text) for text in texts]
    assert sum(one is not None for one in expected) > 500
    for text, ours, theirs in zip(texts, expected, by_node(moments=texts)["moments"], strict=True):
        assert ours == theirs, text


def test_no_moment_is_beyond_the_year_9999() -> None:
    texts = ["9999-12-31T23:59:59.9999994Z", "9999-12-31T23:59:59.9999995Z"]
    assert [by_python(text) is None for text in texts] == [False, True]
    assert [one is None for one in by_node(moments=texts)["moments"]] == [False, True]


CONDITIONS = [rule.item.when for rule in RULES.rules] + [
    *("always", "a", "a and not b", "a or b and c", "(a or b) and c", "not (a or b)", "not not a", "a == 'x y'", " a "),
    *("visit_type in ('x','y')", "visit_type in ('x',)", "a in ()", "a and b and c", "a or b or c", "a == ''"),
    *(
        "",
        " ",
        "and",
        "a b",
        "a and",
        "(a",
        "a)",
        "not",
        "a == b",
        "a; import os",
        "a in ('x'",
        "__import__('os')",
        "_a",
    ),
    *("a in", "a in 'x'", "in", "or", "()", "A", "a == 'x", "a=='x'", "not(a)", "a and (b or c", "a 'x'", "'x'", "é"),
]


@pytest.mark.parametrize("names", [[], ["a"], ["b", "visit_type=y"], ["a", "b"], ["a=x y", "entered", "borrowed"]])
def test_conditions_mean_the_same(names: list[str]) -> None:
    def in_python(text: str) -> bool | None:
        try:
            return parse(text).compiled()(set(names))
        except ValueError:
            return None

    found = by_node(conditions=[[text, names] for text in CONDITIONS])["conditions"]
    assert dict(zip(CONDITIONS, found, strict=True)) == {text: in_python(text) for text in CONDITIONS}
