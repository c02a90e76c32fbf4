"""Imports go down only, and the domain stays pure: the contracts of import-linter, in pyproject.toml."""

import subprocess
import sys
from pathlib import Path


def test_the_layers_hold():
    command = [sys.executable, "-c", "import importlinter.cli as one; one.lint_imports_command()", "--no-cache"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout
