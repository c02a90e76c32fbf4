"""The documents say what is true of the code."""

import re
from pathlib import Path

import pytest

from scripts.settings_tables import DOCUMENTS, with_tables
from service.config.described import describe_settings
from service.errors import Problem
from service.web.language import Language

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("language", "path"), DOCUMENTS.items())
def test_the_documents_list_every_setting_as_it_is(language: Language, path: Path) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert with_tables(text, language) == text, "run scripts/settings"
    for one in describe_settings():
        assert f"| `{one.variable}` | {f'`{one.default}`' if one.default else ''} | " in text


@pytest.mark.parametrize("path", [Path("README.md"), *DOCUMENTS.values()])
def test_what_a_document_says_of_settings_exists(path: Path) -> None:
    text = (ROOT / path).read_text("utf-8")
    named = set(re.findall(r"DOORSTEP_[A-Z_]+", text.replace("DOORSTEP_…", "")))
    assert named - {"DOORSTEP_"} <= {one.variable for one in describe_settings()}
    assert len(named) >= 5
    for link in re.findall(r"\]\((docs/settings[^)]+|[a-z.]+\.md)\)", text):
        assert (ROOT / path).parent.joinpath(link).exists(), link


def test_every_problem_has_a_title_in_both_languages_and_a_code_of_its_own() -> None:
    problems = Problem.__subclasses__()
    assert len({problem.code for problem in problems}) == len(problems)
    for problem in problems:
        assert problem.title_zh != problem.title_en
        assert 400 <= problem.status < 600


def test_operations_explains_every_problem() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for problem in Problem.__subclasses__():
        assert f"| {problem.status} | `{problem.code}` | {problem.title_zh} |" in text
