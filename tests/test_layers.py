"""Imports go down only, and the domain stays pure: the contracts of import-linter, in pyproject.toml.

Test modules share helpers in `tests.support` and fixtures in `conftest.py`; they never import one another.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent


def test_the_layers_hold():
    command = [sys.executable, "-c", "import importlinter.cli as one; one.lint_imports_command()", "--no-cache"]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


def imported(source: str) -> Iterator[str]:
    """The full names of everything that a module imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def is_test_module(name: str) -> bool:
    return name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))


def test_no_module_imports_a_test_module():
    found = {
        f"{path.relative_to(TESTS)} imports {name}"
        for path in TESTS.rglob("*.py")
        for name in imported(path.read_text("utf-8"))
        if is_test_module(name)
    }
    assert found == set()
    forbidden = "from tests.db.test_crash import x\nimport tests.test_cli\nfrom tests.db import test_crash"
    assert all(is_test_module(name) for name in imported(forbidden))
    assert not is_test_module("tests.support.customer.example_customer")
