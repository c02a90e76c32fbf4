"""Which passwords are refused: only those that others would try."""

import pytest

from service.accounts.known_passwords import DIGEST_BYTES, FILE
from service.accounts.passwords import require_good_password
from service.errors import InvalidBody
from tests.support.api_client import World
from tests.support.browser import PASSWORD

WORDS = ("zhangsan", "张三丰", "临江自来水有限公司")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "too-short"),
        ("字" * 11, "too-short"),
        ("x" * 201, "too-long"),
        ("\u0316\u0300" * 500, "too-long"),
        ("123456789012", "too-weak"),
        ("abcdefghijklm", "too-weak"),
        ("abcabcabcabc", "too-weak"),
        ("aaaaaaaaaaaa", "too-weak"),
        ("zhangsan2026!!", "too-weak"),
        ("张三丰20261129!", "too-weak"),
        ("临江自来水有限公司2026", "too-weak"),
        ("ZiLaiShui2026!", "too-weak"),
        ("Password2026!", "too-weak"),
        ("1q2w3e4r5t6y", "known-password"),
        ("Qwertyuiop12", "known-password"),
        ("ｌｉｖｅｒｐｏｏｌ２０２６", "known-password"),
        ("!!liverpool2026", "known-password"),
        ("q\u200bwerty\u2060uiop12", "known-password"),  # with characters that nobody sees
        ("a\u200baaaaaaaaaaa", "too-weak"),
    ],
)
def test_a_password_that_others_would_try_is_refused(password: str, code: str):
    with pytest.raises(InvalidBody) as refused:
        require_good_password(password, *WORDS)
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/password", code)
    assert "一" <= error.detail[0] <= "龥"


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery",
        "小桥流水人家枯藤老树昏鸦",
        "kM3v0sTq9m1vJx2b",
        "zhangsan reads at night",
        "8305 1127 4946",
    ],
)
def test_any_other_password_will_do(password: str):
    require_good_password(password, *WORDS)


def test_the_list_has_more_than_three_thousand_passwords_of_the_length_that_is_asked_for():
    content = FILE.read_bytes()
    digests = [content[at : at + DIGEST_BYTES] for at in range(0, len(content), DIGEST_BYTES)]
    assert digests == sorted(set(digests))
    assert len(digests) > 60_000


async def test_a_refused_password_does_not_use_up_the_code(sqlite_world: World):
    invited = await sqlite_world.ask("admin", "POST", "/v1/invitations", {"person": "wang"})
    address = f"/v1/invitations/{invited.json()['code']}/password"
    refused = await sqlite_world.ask(None, "PUT", address, {"password": "wang 2026 2026 王"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "too-weak"
    assert (await sqlite_world.ask(None, "PUT", address, {"password": PASSWORD})).status_code == 200
