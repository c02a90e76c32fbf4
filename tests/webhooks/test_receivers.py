"""The settings of receivers."""

from base64 import b64encode

import pytest

from service.config.errors import SettingsError
from service.webhooks.receivers import read_receivers

SECRET = "whsec_" + b64encode(b"s" * 24).decode()
GIS = "gis=https://user:word@gis.example:8443/in?key=1"


def test_they_are_read_with_several_secrets_and_shown_without_the_rest():
    [gis] = read_receivers([GIS], [f"gis={SECRET}", f"gis = whsec_{b64encode(b'n' * 64).decode()}"])
    assert (gis.name, gis.secrets, gis.host) == ("gis", (b"s" * 24, b"n" * 64), "https://gis.example:8443")
    assert read_receivers([], []) == ()


@pytest.mark.parametrize(
    ("addresses", "secrets", "named"),
    [
        (["https://gis.example/in"], [], "WEBHOOKS"),
        (["gis=ftp://gis.example/in"], [f"gis={SECRET}"], "WEBHOOKS"),
        (["gis=https:///in"], [f"gis={SECRET}"], "WEBHOOKS"),
        ([GIS, GIS], [f"gis={SECRET}"], "twice"),
        ([GIS], [], "WEBHOOK_SECRETS: 缺少 gis="),
        ([GIS], ["gis=whsec_short"], "24 to 64"),
        ([GIS], [f"gis={SECRET.removeprefix('whsec_')}"], "24 to 64"),
        ([GIS], [f"gis={SECRET}", f"crm={SECRET}"], "no receiver crm"),
    ],
)
def test_mistakes_are_named(addresses: list[str], secrets: list[str], named: str):
    with pytest.raises(SettingsError, match=named):
        read_receivers(addresses, secrets)
