"""Codes of an authenticator, by the vectors of RFC 6238 (the last six of their eight digits)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from service.accounts import totp

SECRET = b"12345678901234567890"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str):
    assert totp.totp_at(SECRET, seconds // 30) == code
    assert totp.matching_step(SECRET, f" {code[:3]} {code[3:]}", seconds * 1000) == seconds // 30


def test_a_clock_may_be_one_step_off_and_no_more():
    code = totp.totp_at(SECRET, 1000)
    found = [totp.matching_step(SECRET, code, step * 30_000) for step in range(998, 1003)]
    assert found == [None, 1000, 1000, 1000, None]
    for wrong in ("", "1", "000000", "abcdef", "１２３４５６", code + "0"):
        assert totp.matching_step(SECRET, wrong, 30_000_000) is None


def test_an_authenticator_app_reads_the_address():
    parts = urlsplit(totp.otpauth_uri(SECRET, "王 芳", "Doorstep"))
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert query["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert query["issuer"] == ["Doorstep"]
