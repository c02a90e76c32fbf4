"""`doorstep lint`: checks the checklist in a folder."""

from pathlib import Path

from .lint import lint as lint_source
from .loader import bundled_checklists_dir, load_checklist, load_norm_baseline
from .source import ChecklistParseError, LintMessage


def lint(folder: Path) -> list[LintMessage]:
    """All errors of the checklist in `folder`, compared with the bundled norm."""
    try:
        return lint_source(load_checklist(folder), load_norm_baseline(bundled_checklists_dir()))
    except ChecklistParseError as unreadable:
        return unreadable.messages
