"""Settings: from the environment, documented, and plain about what is wrong."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from service.config.described import describe_settings
from service.config.errors import SettingsError
from service.config.loading import load_settings
from service.config.settings import Settings

CHINESE = re.compile("[\u4e00-\u9fff]")


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
        ("DOORSTEP_DATABASE", "sqlite://data/x.db"),
        ("DOORSTEP_DATABASE", "postgresql://[x/y"),
        ("DOORSTEP_SMTP", "smtps://[x"),
        ("DOORSTEP_SMS_URL", "https://host:many"),
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


def test_the_log_is_named_after_the_address_that_is_printed():
    assert load_settings({}).log_name == "127.0.0.1:8000/log"
    assert load_settings({"DOORSTEP_HOST": "::1", "DOORSTEP_PORT": "0"}).log_name == "[::1]/log"
    assert load_settings({"DOORSTEP_URL": "https://Visits.example/"}).log_name == "visits.example/log"
    given = {"DOORSTEP_URL": "https://visits.example", "DOORSTEP_LOG_ORIGIN": "water.example/log"}
    assert load_settings(given).log_name == "water.example/log"


def test_every_setting_is_described_in_both_languages_and_has_a_subject():
    rows = describe_settings()
    assert {one.field for one in rows} == set(Settings.__struct_fields__)
    for one in rows:
        assert CHINESE.search(one.about.zh), one.variable
        assert re.match("[A-Z]", one.about.en), one.variable
        assert one.about.title_zh, one.variable
        assert one.about.title_en, one.variable


def test_what_is_described_is_one_group_after_another():
    titles = [one.about.title_en for one in describe_settings()]
    assert len([1 for one, other in pairwise(titles) if one != other]) == len(set(titles)) - 1


def test_all_that_is_wrong_is_said_at_once_in_chinese_first():
    wrong = {"DOORSTEP_PORT": "many", "DOORSTEP_LOG": "xml", "DOORSTEP_PROT": "1", "DOORSTEP_QUIET": "25:00-08:00"}
    with pytest.raises(SettingsError) as caught:
        load_settings(wrong)
    lines = str(caught.value).splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(wrong)
    for line in lines:
        zh, _, en = line.partition(": ")[2].partition(" / ")
        assert CHINESE.search(zh), line
        assert en, line
        assert not CHINESE.search(en), line
    assert "应为 0 到 65535 的整数，现在是 many / it must be a whole number from 0 to 65535, and is many" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("DOORSTEP_HOTLNE", "DOORSTEP_HOTLINE"),
        ("DOORSTEP_SMSURL", "DOORSTEP_SMS_URL"),
        ("DOORSTEP_Company", "DOORSTEP_COMPANY"),
        ("DOORSTEP_CHECKPOINT", "DOORSTEP_CHECKPOINTS"),
    ],
)
def test_a_misspelt_setting_names_those_that_were_meant_and_not_all(name: str, near: str):
    with pytest.raises(SettingsError) as caught:
        load_settings({name: "x"})
    said = str(caught.value)
    assert near in said
    assert len(set(re.findall(r"DOORSTEP_\w+", said))) <= 4
    assert "DOORSTEP_ZONE" not in said
    with pytest.raises(SettingsError, match=r"docs/settings\.md"):
        load_settings({"DOORSTEP_ZZZZZZZZZZZZZ": "x"})


def test_a_secret_is_never_shown_in_a_message():
    for name in ("DOORSTEP_SMS_REPORTS", "DOORSTEP_METRICS", "DOORSTEP_DATABASE", "DOORSTEP_SMTP"):
        with pytest.raises(SettingsError) as caught:
            load_settings({name: "x:hunter2"})
        assert "hunter2" not in str(caught.value)
