"""A utility adds its own words for columns, types and parts of the day in a file."""

from pathlib import Path

import pytest

from service.config.errors import SettingsError
from service.config.loading import load_settings
from service.spreadsheets.words import load_table_words

OWN = """
[columns]
name = ["用水单位"]
account = ["联系人"]
[types]
repair_leak = ["水管坏了"]
[slots]
"早班" = "06:00-08:00"
"""


def test_own_words_come_first_and_mean_nothing_else(tmp_path: Path) -> None:
    (path := tmp_path / "words.toml").write_text(OWN)
    words, bundled = load_table_words(str(path)), load_table_words()
    assert words.columns["name"][0] == "用水单位"
    assert "联系人" in bundled.columns["name"]
    assert "联系人" not in words.columns["name"]
    assert words.columns["account"][0] == "联系人"
    assert words.types["repair_leak"][0] == "水管坏了"
    assert "漏水维修" in words.types["repair_leak"]
    assert words.slots["早班"] == "06:00-08:00"
    assert words.slots["上午"] == bundled.slots["上午"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[columns]\nnmae = ["x"]', "没有这些列 / there is no column: nmae"),
        ('[columns]\nname = ["x"]\nphone = ["x"]', "写了两次 / given twice: x"),
        ('[columns]\nname = "x"', "Expected `array`"),
        ("[column]", "unknown field `column`"),
        ("columns =", "Invalid value"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_with_a_reason(tmp_path: Path, text: str, said: str) -> None:
    (path := tmp_path / "words.toml").write_text(text)
    with pytest.raises(SettingsError, match=rf"DOORSTEP_TABLE_WORDS: .*{said}"):
        load_settings({"DOORSTEP_TABLE_WORDS": str(path)})
    with pytest.raises(SettingsError, match=r"DOORSTEP_TABLE_WORDS: .*No such file"):
        load_settings({"DOORSTEP_TABLE_WORDS": str(tmp_path / "other.toml")})
    path.write_text(OWN)
    assert load_settings({"DOORSTEP_TABLE_WORDS": str(path)}).table_words == str(path)
