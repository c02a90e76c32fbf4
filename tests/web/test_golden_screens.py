"""How the customer's pages lie and look on a phone, in every state and both languages, and what axe finds there."""

import json
from copy import deepcopy

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.support import screen_pictures
from tests.support.golden_pages import MODES, Mode
from tests.support.screens import SIZE, differences, path_of, screens


@pytest.mark.parametrize("mode", MODES)
async def test_every_state_lies_and_looks_on_the_phone_as_it_was_recorded_and_axe_finds_nothing(mode: Mode) -> None:
    golden = json.loads(path_of(mode).read_text())
    found, pictures, wrong = await screens(mode)
    assert wrong == {}
    assert sorted(golden) == sorted(found)
    assert {name: lines for name in golden if (lines := differences(golden[name], found[name]))} == {}
    changed = dict[str, str]()
    for name, picture in pictures.items():
        recorded = screen_pictures.read(screen_pictures.path_of(name, mode))
        if tiles := screen_pictures.differences(recorded, picture):
            changed[name] = screen_pictures.explain(name, mode, picture, tiles)
    assert changed == {}


def test_the_main_button_is_on_the_first_screen_and_the_comparison_finds_where_it_is_not() -> None:
    golden = json.loads(path_of("zh").read_text())
    main = {"planned": "同意这个时间", "before the code": "核对好了，去签认", "signed by name": "提交意见"}
    for name, text in main.items():
        (button,) = [one for one in golden[name] if one[1] == text]
        assert button[4] + 48 <= SIZE[1], name
        moved = deepcopy(golden[name])
        moved[golden[name].index(button)][4] += SIZE[1]
        assert differences(golden[name], moved)
        assert differences(golden[name], [one for one in golden[name] if one != button])
    assert differences(golden["planned"], deepcopy(golden["planned"])) == []


def test_the_comparison_of_pictures_finds_a_button_that_moved_and_a_wrong_colour_and_nothing_else() -> None:
    golden = screen_pictures.read(screen_pictures.path_of("planned", "zh"))
    assert golden.size == screen_pictures.SMALL
    assert screen_pictures.differences(golden, golden) == []
    # letters that are smoothed in another way are the same
    assert screen_pictures.differences(golden, golden.filter(ImageFilter.GaussianBlur(0.5))) == []
    page = Image.new("RGB", golden.size, "white")
    plain = page.copy()
    ImageDraw.Draw(page).rectangle((20, 300, 175, 330), "#0b5cad")
    for box, colour in (((20, 304, 175, 334), "#0b5cad"), ((20, 300, 175, 330), "#0a7a34")):
        other = plain.copy()
        ImageDraw.Draw(other).rectangle(box, colour)
        assert screen_pictures.differences(page, other)


def test_the_pictures_are_small() -> None:
    files = list(path_of("zh").parent.glob("*.webp"))
    assert len(files) == 2 * len(json.loads(path_of("zh").read_text()))
    assert max(file.stat().st_size for file in files) <= 10_000
    assert sum(file.stat().st_size for file in files) <= 600_000
