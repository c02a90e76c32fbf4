"""How the customer's pages lie on a phone, in every state and both languages, and what axe finds there."""

import json
from copy import deepcopy

import pytest

from tests.support.golden_pages import MODES, Mode
from tests.support.screens import SIZE, differences, path_of, screens


@pytest.mark.parametrize("mode", MODES)
async def test_every_state_lies_on_the_phone_as_it_was_recorded_and_axe_finds_nothing(mode: Mode) -> None:
    golden = json.loads(path_of(mode).read_text())
    found, wrong = await screens(mode)
    assert wrong == {}
    assert sorted(golden) == sorted(found)
    assert {name: lines for name in golden if (lines := differences(golden[name], found[name]))} == {}


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
