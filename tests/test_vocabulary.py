"""The words of the first versions do not come back: the code says what an engineer of the field would say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORDS = """
anew condemn deed grams he heard her him his house houses keepsake keepsakes landing paper papers posted
repost seat seated seats seen she shipped spelt standing stands stood tongue told twin vault whoever
""".split()
PHRASES = ("of its own accord", "what came of it", "nobody waits in a circle", "the same again", "has his", "by link")
ON_THE_WIRE = re.compile(
    r"name=\"seat\"|(?<!\w)(?:seen_at|work_content_told|work_place_told|outage_eta_told|p_fee_told_first|p_result_told"
    r"|__Host-doorstep-seat|show_who_stands_there)\b"
)
"""Names of the contract, which never change."""
OLD = re.compile(rf"(?<![a-z])(?:{'|'.join([*WORDS, *PHRASES])})(?![a-z])")


def plain(text: str) -> str:
    """`text` in small letters, with names taken apart: `toldPaper` and `told_paper` are `told paper`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", ON_THE_WIRE.sub("", text)).replace("_", " ").lower()


def old_words(text: str) -> list[str]:
    """Each line with an old word: its number and the word."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{number}: {found}" for number, line in lines for found in OLD.findall(plain(line))]


FILES = sorted(
    path
    for pattern in ("service/**/*.py", "service/**/*.sql", "scripts/*", "docs/*.md", "*.md")
    for path in ROOT.glob(pattern)
    if path.is_file() and path.name != "CHANGELOG.md"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_old_word(path: Path) -> None:
    assert old_words(path.read_text()) == []


def test_the_test_finds_them() -> None:
    assert old_words("x = 1\nTOLD_HOUSES = 2  # he is told\nshe, there, history, household, seen_at") == [
        "2: told",
        "2: houses",
        "2: he",
        "2: told",
        "3: she",
    ]
