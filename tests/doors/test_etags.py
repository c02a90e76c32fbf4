"""ETags are understood as proxies change them; what is none is not answered as if somebody had changed the visit."""

import pytest

from service.errors import InvalidHeader, PreconditionRequired
from service.web.compression import etag_matches
from service.web.preconditions import required_tags
from tests.support.api_client import VISIT, World, problem

MOVED = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "客户下午才在家"}


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ('"0"', {"0"}),
        ('W/"0"', {"0"}),
        ('"0-gzip"', {"0"}),
        ('W/"0-gzip"', {"0"}),
        ('"0-br"', {"0"}),
        ('"0--gzip"', {"0"}),
        ('"0;gzip"', {"0"}),
        ('"1-2-3-gzip"', {"1-2-3"}),
        (' "0" , W/"1","7" ', {"0", "1", "7"}),
        ('"a,b", "0"', {"a,b", "0"}),
        (', ,"0",', {"0"}),
        ('""', {""}),
    ],
)
def test_lists(header: str, tags: set[str]) -> None:
    assert required_tags(header) == tags
    assert all(etag_matches(header, tag) for tag in tags)


@pytest.mark.parametrize(
    "header", ["0", '"0', '0"', "W/0", 'w/"0"', '"0" "1"', '"0";', '*, "0"', '"\x00"', '"0"' * 2000]
)
def test_what_is_no_list_is_refused(header: str) -> None:
    with pytest.raises(InvalidHeader):
        required_tags(header)


@pytest.mark.parametrize("header", ["", " ", "*"])
def test_a_state_has_to_be_named(header: str) -> None:
    with pytest.raises(PreconditionRequired):
        required_tags(header)


def test_any_state_matches_a_star_and_no_other_does() -> None:
    assert etag_matches("*", "3")
    for header in ('"4"', "", '"33"', '"3x"', 'W/"4"'):
        assert not etag_matches(header, "3")


async def test_a_client_behind_a_proxy_that_compresses_can_change_a_visit(world: World) -> None:
    await world.plan()
    path = f"/v1/visits/{VISIT}/window"
    assert problem(await world.ask("zhao", "PUT", path, MOVED, if_match="0")) == (400, "invalid-header")
    assert problem(await world.ask("zhao", "PUT", path, MOVED, if_match='W/"1"')) == (412, "precondition-failed")
    assert problem(await world.ask("zhao", "PUT", path, MOVED)) == (428, "precondition-required")
    assert (await world.ask("zhao", "PUT", path, MOVED, if_match='W/"0"')).status_code == 200
    again = {**MOVED, "reason": "改回"} | {"from": "2026-03-02T16:00:00+08:00", "to": "2026-03-02T17:00:00+08:00"}
    assert (await world.ask("zhao", "PUT", path, again, if_match='"1-gzip", "9"')).status_code == 200
