"""The documents say what is true of the code."""

from pathlib import Path

from service.config import describe_settings
from service.errors import Problem

ROOT = Path(__file__).parents[2]


def test_the_readme_lists_every_setting_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for variable, default, about in describe_settings():
        assert f"| `{variable}` | {f'`{default}`' if default else ''} | {about} |" in readme


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
