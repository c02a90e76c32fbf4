"""Settings: from the environment, documented, and plain about what is wrong."""

from pathlib import Path

import pytest

from service.config import Settings, SettingsError, describe_settings, load_settings


def test_without_variables_everything_has_a_default():
    settings = load_settings({})
    assert settings == Settings()
    assert settings.database_address == "sqlite:///data/doorstep.sqlite"
    assert settings.zone == "Asia/Shanghai"


def test_variables_are_read_and_typed():
    settings = load_settings(
        {
            "DOORSTEP_DATA": "/srv/doorstep",
            "DOORSTEP_PORT": "9000",
            "DOORSTEP_PROXIES": "10.0.0.1, 192.168.0.0/16",
            "DOORSTEP_DUTY_MAIL": "office@example.org, duty.east@example.org",
            "DOORSTEP_MAX_BODY": "1000",
            "DOORSTEP_LOG": "json",
            "DOORSTEP_URL": "https://visits.example/",
            "HOME": "/root",
        }
    )
    assert settings.data == Path("/srv/doorstep")
    assert settings.database_address == "sqlite:////srv/doorstep/doorstep.sqlite"
    assert settings.port == 9000
    assert settings.proxies == ("10.0.0.1", "192.168.0.0/16")
    assert settings.duty_mail == ("office@example.org", "duty.east@example.org")
    assert settings.public_url == "https://visits.example"


def test_an_empty_variable_is_as_if_it_were_not_there():
    assert load_settings({"DOORSTEP_PORT": "", "DOORSTEP_LOG": " "}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOORSTEP_PROT", "1"),
        ("DOORSTEP_PORT", "many"),
        ("DOORSTEP_PORT", "70000"),
        ("DOORSTEP_DATABASE", "mysql://x"),
        ("DOORSTEP_DATABASE", "sqlite://"),
        ("DOORSTEP_URL", "visits.example"),
        ("DOORSTEP_URL", "https://visits.example/doorstep"),
        ("DOORSTEP_URL", "https://visits.example/doorstep/"),
        ("DOORSTEP_URL", "https://visits.example?x=1"),
        ("DOORSTEP_URL", "https://visits.example/#x"),
        ("DOORSTEP_URL", "https://me:secret@visits.example"),
        ("DOORSTEP_URL", "https://visits.example:http"),
        ("DOORSTEP_URL", "https://"),
        ("DOORSTEP_URL", "ftp://visits.example"),
        ("DOORSTEP_ORIGINS", "*"),
        ("DOORSTEP_ORIGINS", "null"),
        ("DOORSTEP_ORIGINS", "map.example"),
        ("DOORSTEP_ORIGINS", "https://map.example/"),
        ("DOORSTEP_ORIGINS", "https://map.example, https://Map.example"),
        ("DOORSTEP_ORIGINS", "https://map.example:443"),
        ("DOORSTEP_PROXIES", "everybody"),
        ("DOORSTEP_ZONE", "Asia/Nowhere"),
        ("DOORSTEP_DUTY_MAIL", "office"),
        ("DOORSTEP_DUTY_MAIL", "office@example.org; duty@example.org"),
        ("DOORSTEP_DUTY_MAIL", "office@example.org, office@example.org"),
        ("DOORSTEP_MAX_BODY", "0"),
        ("DOORSTEP_PRICE_LIST", "元" * 501),
        ("DOORSTEP_SMS_REPORTS", "short"),
        ("DOORSTEP_QUIET", "21:00"),
        ("DOORSTEP_QUIET", "25:00-08:00"),
        ("DOORSTEP_QUIET", "08:00-08:00"),
        ("DOORSTEP_LOG", "xml"),
        ("DOORSTEP_LOG_LEVEL", "loud"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_variables_name(name, value):
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value})


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://visits.example/", "https://visits.example"),
        ("HTTPS://Visits.Example:443", "https://visits.example"),
        ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_the_public_address_is_an_origin_as_browsers_write_it(given, origin):
    assert load_settings({"DOORSTEP_URL": given}).public_url == origin


def test_every_setting_is_documented():
    rows = describe_settings()
    assert len(rows) == len(Settings.__struct_fields__)
    assert all(name.startswith("DOORSTEP_") and about for name, _, about in rows)


def test_the_readme_names_every_setting():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    assert [name for name, _, _ in describe_settings() if f"`{name}`" not in readme] == []
