"""`doorstep lint`: read a folder and say what is wrong with it."""

from pathlib import Path

from .lint import lint as lint_source
from .loader import bundled_checklists_dir, load_checklist, load_norm_baseline
from .source import ChecklistParseError, LintMessage


def lint(folder: Path) -> list[LintMessage]:
    """Everything wrong with the checklist in `folder`, measured against the norm that travels with the package."""
    try:
        return lint_source(load_checklist(folder), load_norm_baseline(bundled_checklists_dir()))
    except ChecklistParseError as unreadable:
        return unreadable.messages
