"""The judge in JavaScript: its modules, run by Node."""

import shutil
import subprocess
from pathlib import Path

import msgspec

import service.phone
from service.judge.entries import AwareDatetime, Entry
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.judge.statements import canonical_bytes, statements
from service.judge.timeline import Timeline, to_microseconds
from service.judge.visit import Visit
from tests.support.example_visits import RULES
from tests.support.nodejs import HERE, node

MODULES = Path(service.phone.__file__).parent / "static" / "judge"
CHECKLIST = HERE.parent / "docs" / "checklist.json"


def run_node(script: Path, *arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a script; `given` is its standard input."""
    command = [node(), str(script), *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, timeout=200, check=False)


class AnyBundle(msgspec.Struct):
    """A bundle with times in any year."""

    visit: Visit
    entries: list[Entry]
    now: AwareDatetime


def judge_in_python(bundle: bytes, rules: CompiledChecklist = RULES) -> bytes:
    """All of the judgement of a bundle, and the statements that the customer may sign."""
    given = msgspec.json.decode(bundle, type=AnyBundle)
    judged = judge(rules, given.visit, given.entries, given.now)
    timeline = Timeline(rules, given.entries, to_microseconds(given.now))
    made = statements(rules, given.visit.id, timeline, judged.facts)
    shown = {
        "verdict": judged.verdict,
        "until": None if judged.until is None else str(judged.until),
        "findings": rules.speaker.format(judged.findings, judged.labels),
        "facts": sorted(judged.facts),
        "labels": list(judged.labels.items()),
        "due": [(code, str(date)) for code, date in judged.due.items()],
        "statements": [canonical_bytes(one.document).decode() for one in made],
    }
    return msgspec.json.encode(shown)


def judge_in_javascript(bundles: list[bytes], modules: Path = MODULES, checklist: Path = CHECKLIST) -> list[bytes]:
    """The same, in the same bytes."""
    done = run_node(HERE / "phone" / "judge.mjs", modules, checklist, given=b"\n".join(bundles))
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.split(b"\n")[:-1]


def changed_modules(folder: Path, old: str, new: str) -> Path:
    """A copy of the modules in which one place reads differently."""
    shutil.copytree(MODULES, folder, dirs_exist_ok=True)
    found = [path for path in folder.glob("*.js") if old in path.read_text("utf-8")]
    assert len(found) == 1, f"{old} is in {found}"
    source = found[0].read_text("utf-8")
    assert source.count(old) == 1
    found[0].write_text(source.replace(old, new), "utf-8")
    return folder
