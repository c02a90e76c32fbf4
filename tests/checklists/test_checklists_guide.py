"""The author's guide tells all keys there are, and no others."""

import msgspec
import pytest

from scripts.checklist_guide import MEANINGS, TITLES, tables
from service.checklists.loader import bundled_checklists_dir
from service.checklists.unknown_keys import unknown_keys
from service.judge.checklist import Item, OrderRule


@pytest.mark.parametrize("struct", TITLES, ids=lambda struct: struct.__name__)
def test_every_key_is_explained(struct: type[msgspec.Struct]) -> None:
    assert set(MEANINGS[struct]) == set(struct.__struct_encode_fields__)


def test_the_tables_of_the_guide_are_generated() -> None:
    guide = (bundled_checklists_dir() / "README.md").read_text(encoding="utf-8")
    written = guide.partition("<!-- keys -->\n")[2].partition("<!-- /keys -->")[0]
    assert written == tables(), "run scripts/checklist-keys"


def test_unknown_keys_are_found_at_any_depth() -> None:
    edge = {"rel": "before", "than": "left", "sev": "warning", "severity": "info"}
    assert unknown_keys(edge, OrderRule) == ["severity"]
    assert unknown_keys({"order": [edge], "label": {"zh": "a", "en": "b", "fr": "c"}}, Item) == [
        "order.severity",
        "label.fr",
    ]


def test_a_long_file_says_why_in_its_first_line() -> None:
    for path in bundled_checklists_dir().iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 300 or "Long, because" in lines[0], path.name


def test_a_clause_file_begins_with_words_for_people() -> None:
    for path in bundled_checklists_dir().glob("*.toml"):
        assert path.read_text(encoding="utf-8").startswith("# "), path.name
