"""`doorstep lint`: finds what is wrong with a checklist."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from service.judge.checklist import Checklist

from .lint_examples import examples
from .lint_names import cycles, names
from .lint_norm import duties, norm
from .loader import bundled_checklists_dir, load_checklist, load_norm_baseline
from .source import ChecklistParseError, ChecklistSource, LintMessage


def checklist_digest(checklist: Checklist) -> str:
    """SHA-256 of the document to be published, which never changes for a version."""
    return hashlib.sha256(msgspec.json.encode(checklist)).hexdigest()


def lint(folder: Path) -> list[LintMessage]:
    """All errors of the checklist in `folder`, compared with the bundled norm.

    The examples are judged only when every name is known.
    """
    try:
        source, baseline = load_checklist(folder), load_norm_baseline(bundled_checklists_dir())
    except ChecklistParseError as unreadable:
        return unreadable.messages
    unknown = list(names(source))
    found = [*unknown, *cycles(source), *norm(source, baseline), *duties(source, baseline), *_published(source)]
    return found if unknown else [*found, *examples(source)]


def _published(source: ChecklistSource) -> Iterator[LintMessage]:
    """Errors of a version that was published with other content."""
    checklist = source.checklist
    for version in source.published:
        if (version.id, version.version) == (checklist.id, checklist.version):
            now = checklist_digest(checklist)
            if now != version.sha256:
                yield source.message(
                    f"version {checklist.name}",
                    f"已发布的版本内容有变（现在是 {now}），请把 version 加一",
                    f"this version was published with other content (it is {now} now); raise `version`",
                )
