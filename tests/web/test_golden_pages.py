"""Every page that a person sees is as it was recorded, and the comparison sees what it has to see."""

import json
import re
from typing import Any

import httpx
import pytest

from scripts.page_catalogue import catalogue
from tests.support.golden_pages import MODES, Mode, Record, differences, path_of, record
from tests.support.golden_scenes import GROUPS, Shots, pages

PAGE = """<!doctype html><html lang="en"><head><title>Home visit</title><link rel="stylesheet" href="/p.css"></head>
<body><nav id="language"><a href="?lang=zh">中文</a></nav><main><div><h1>Please sign</h1></div>
<section role="alert">Write why <a href="#sign-form">Go there</a></section>
<table><tr><th>Who comes</th><td>李</td></tr><tr><th>Time</th><td>2 March 2026, 09:30</td></tr></table>
<p>陶先生 (account holder) <time>2 March 2026 09:30</time></p><p>✓ All right (2 March 2026, 09:30)</p>
<form id="sign-form" method="post" action="/c/zyxwvutsrqponmlkjihgfedcba">
<input type="hidden" name="does" value="signature">
<label for="signer">Name</label><input id="signer" name="signer" value="陶" maxlength="60" required>
<label for="who">Who you are</label><select id="who" name="who" required><option value="">please choose</option>
<option value="tenant" selected>tenant</option></select><fieldset><legend><b>Satisfied?</b></legend>
<label><input type="radio" name="good" value="yes" checked>Yes</label>
<label><input type="radio" name="good" value="no">No</label></fieldset>
<label for="why">Why</label><textarea id="why" name="why">
手写</textarea><button type="submit">Sign</button></form>
<details open><summary>Change my answer</summary><p>还可以再签。</p></details>
<img src="/c/zyxwvutsrqponmlkjihgfedcba/who" alt="李" width="160"><a class="tel" href="tel:02196000">Call</a>
</main></body>"""
CATALOGUE = [message.id for message in catalogue() if isinstance(message.id, str) and message.id]
CHANGES: dict[str, tuple[str, str]] = {
    "a word": ("Please sign", "Please draw"),
    "a word that was added": ("Please sign", "Please do sign"),
    "a name": ("<td>李</td>", "<td>王</td>"),
    "a time": ("2 March 2026, 09:30", "3 March 2026, 09:30"),
    "another language": ("Write why", "请写明原因"),
    "the page's language": ('<html lang="en">', '<html lang="zh-CN">'),
    "a Chinese title": ("<title>Home visit", "<title>上门服务"),
    "a lost field": ('<input type="hidden" name="does" value="signature">', ""),
    "a field's value": ('value="signature"', 'value="refusal"'),
    "what stood in a field": ('value="陶"', 'value=""'),
    "what stood in a large field": ("\n手写", "\n"),
    "a field that is not required": ('maxlength="60" required', 'maxlength="60"'),
    "a field's length": ('maxlength="60"', 'maxlength="50"'),
    "a field without a label": ('<label for="signer">Name</label>', "Name"),
    "a lost choice": ('<option value="tenant" selected>tenant</option>', ""),
    "another choice": (" selected", ""),
    "a choice that is not made": (" checked", ""),
    "a legend": ("Satisfied?", "Content?"),
    "a lost button": ('<button type="submit">Sign</button>', "Sign"),
    "a form's address": ('action="/c/zyxwvutsrqponmlkjihgfedcba"', 'action="/c/x"'),
    "a form's method": ('method="post"', 'method="get"'),
    "a form's name": ('id="sign-form"', 'id="form"'),
    "a lost link": ('<a href="#sign-form">Go there</a>', "Go there"),
    "a link's address": ("tel:02196000", "tel:110"),
    "a lost picture": ('<img src="/c/zyxwvutsrqponmlkjihgfedcba/who" alt="李" width="160">', ""),
    "a picture without a text": (' alt="李"', ""),
    "a heading": ("<h1>Please sign</h1>", "<p>Please sign</p>"),
    "a role": (' role="alert"', ""),
    "what stood open": ("<details open>", "<details>"),
    "the order": ("<b>Satisfied?</b></legend>", "</legend>"),
    "a script": ("</main>", '</main><script src="/web/x.js"></script>'),
}


def answered(html: str, status: int = 200, **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "https://doorstep.test/c/abcdefghijklmnopqrstuvwxyz")
    given = {"content-type": "text/html; charset=utf-8"} | {
        name.replace("_", "-"): one for name, one in headers.items()
    }
    return httpx.Response(status, content=html.encode(), headers=given, request=request)


def seen(html: str) -> Record:
    return record(answered(html))


def test_a_page_is_read_as_a_person_gets_it() -> None:
    found = seen(PAGE)
    assert found["language"] == "en"
    assert found["texts"][:5] == ["Please sign", "Write why", "Go there", "Who comes", "李"]
    (form,) = found["forms"]  # the switch between the languages is none of the page
    assert form["action"] == "/c/TOKEN"
    assert [field.get("name") for field in form["fields"]] == ["does", "signer", "who", "good", "good", "why", None]
    assert form["fields"][1]["label"] == "Name"
    assert form["fields"][3] == {
        "tag": "input",
        "type": "radio",
        "name": "good",
        "value": "yes",
        "checked": True,
        "label": "Yes",
        "legend": "Satisfied?",
    }
    assert form["fields"][5]["value"] == "手写"


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_another_on_a_page_is_told(what: str) -> None:
    old, new = CHANGES[what]
    assert PAGE.count(old) >= 1
    told = differences(seen(PAGE), seen(PAGE.replace(old, new, 1)))
    assert told, what
    assert all(told)


def test_status_and_headers_are_part_of_a_page() -> None:
    policy = "default-src 'none'; style-src 'self'; img-src 'self'"
    given = {"content_security_policy": policy, "referrer_policy": "no-referrer"}
    golden = record(answered("", 303, location="/c/abcdefghijklmnopqrstuvwxyz#code", **given))
    for status, more, same in (
        (303, {"location": "/c/zyxwvutsrqponmlkjihgfedcba#code"}, True),
        (303, {"location": "/c/zyxwvutsrqponmlkjihgfedcba"}, False),
        (302, {"location": "/c/zyxwvutsrqponmlkjihgfedcba#code"}, False),
        (303, {"content_security_policy": "default-src 'none'; img-src 'self'; style-src 'self'"}, True),
        (303, {"content_security_policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"}, False),
        (303, {"content_security_policy": "default-src 'none'; style-src 'self'"}, False),
        (303, {"referrer_policy": "origin"}, False),
        (303, {"vary": "Accept-Language"}, True),
    ):
        headers = {"location": "/c/zyxwvutsrqponmlkjihgfedcba#code", **given, **more}
        assert (differences(golden, record(answered("", status, **headers))) == []) is same, more


def test_white_space_and_styles_are_none_of_a_page_and_a_word_is() -> None:
    golden = seen(PAGE)
    styled = PAGE.replace("<td>李</td>", '<td class="x" style="y">\n 李 </td>').replace(
        "</head>", "<style>a{}</style></head>"
    )
    assert differences(golden, seen(styled)) == []
    told = differences(golden, seen(PAGE.replace("Please sign", "Please draw")))
    assert any("Please sign" in line for line in told)
    assert any("Please draw" in line for line in told)


def golden(group: str, mode: Mode) -> dict[str, Record]:
    pages: dict[str, Record] = json.loads(path_of(group, mode).read_text())
    return pages


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("group", GROUPS)
async def test_every_page_is_as_it_was_recorded(group: str, mode: Mode) -> None:
    kept, found = golden(group, mode), await pages(group, Shots(mode))
    assert list(kept) == sorted(found)
    told = {name: lines for name in kept if (lines := differences(kept[name], found[name]))}
    assert not told, "\n".join(f"\n{name}\n" + "\n".join(lines) for name, lines in told.items())


@pytest.mark.parametrize("group", GROUPS)
def test_a_page_asks_the_same_in_both_languages(group: str) -> None:
    """Forms send the same, links lead to the same places, and the pages have the same parts."""
    chinese, english = golden(group, "zh"), golden(group, "en")
    assert list(chinese) == list(english)
    for name, page in chinese.items():
        assert shape(page) == shape(english[name]), name


def shape(page: Record) -> Any:
    forms = [
        [form.get("id"), *([field.get("name"), field.get("value") is None] for field in form["fields"])]
        for form in page.get("forms", [])
    ]
    links = [link.get("href") for link in page.get("links", [])]
    headings = [heading["level"] for heading in page.get("headings", [])]
    pictures = [image.get("src") for image in page.get("images", [])]
    places = [place.get("id") for place in page.get("places", [])]
    return page["status"], forms, links, headings, pictures, places, len(page.get("texts", []))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("group", GROUPS)
def test_nothing_that_chance_made_is_kept(group: str, mode: Mode) -> None:
    text = path_of(group, mode).read_text()
    for chance in (
        "[0-9a-f]{64}",
        "/c/[a-z2-7]{26}",
        "/d/[a-z2-7]{48}",
        "base64,(?!PICTURE)",
        "__Host-[a-z-]+=(?!VALUE)",
    ):
        assert not re.search(chance, text), chance


@pytest.mark.parametrize("group", GROUPS)
def test_an_english_page_has_no_chinese_of_ours(group: str) -> None:
    """Names, a statement's values and what customers wrote stay as they are; whatever the catalogue has does not."""
    ours = [text for text in CATALOGUE if len(text) > 3]
    for name, page in golden(group, "en").items():
        told = [text for text in ours for one in page.get("texts", []) if text in one]
        assert not told, name
