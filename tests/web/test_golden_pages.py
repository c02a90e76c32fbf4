"""Every page that a person sees is as it was recorded, and the comparison sees what it has to see."""

import json
import re

import httpx
import pytest

from tests.support.golden_pages import MODES, OPTION, RULES, Mode, Record, differences, path_of, record
from tests.support.golden_scenes import GROUPS, Shots, pages

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>上门服务</title></head><body><main>
<h1>请您签字<span class="en" lang="en">Please sign</span></h1>
<div role="alert"><p>请写明原因<span class="en" lang="en">Write why</span></p><a href="#sign-form">去填写
<span lang="en">Go there</span></a></div>
<dl><dt>来人 <span lang="en">Who comes</span></dt><dd>李</dd><dt>时间 <span lang="en">Time</span></dt>
<dd>2026年3月2日 09:30</dd></dl>
<p>陶先生（户主 account holder） 2026年3月2日 09:30</p><dd>✓ 没问题 All right（2026年3月2日 09:30）</dd>
<form method="post" id="sign-form" action="/c/abcdefghijklmnopqrstuvwxyz">
<input type="hidden" name="does" value="signature">
<label for="signer">姓名<span class="en" lang="en">Name</span></label>
<input id="signer" name="signer" value="陶" maxlength="60" required>
<label for="who">关系<span class="en" lang="en">Who you are</span></label><select id="who" name="who" required>
<option value="">请选择 please choose</option><option value="tenant" selected>租户 tenant</option></select>
<fieldset><legend>满意吗？<span class="en" lang="en">Satisfied?</span></legend>
<label><input type="radio" name="good" value="yes" checked><span>是<span class="en" lang="en">Yes</span></span></label>
<label><input type="radio" name="good" value="no"><span>否<span class="en" lang="en">No</span></span></label></fieldset>
<label for="why">原因<span class="en" lang="en">Why</span></label><textarea id="why" name="why">
手写</textarea><button>签字<span class="en" lang="en">Sign</span></button></form>
<details open><summary>改变主意<span class="en" lang="en">Change my answer</span></summary>还可以再签。</details>
<img src="/c/abcdefghijklmnopqrstuvwxyz/who" alt="李"><a href="tel:02196000">拨打热线<span lang="en">Call</span></a>
</main></body></html>"""
ENGLISH = """<!doctype html><html lang="en"><head><title>Home visit</title><link rel="stylesheet" href="/p.css"></head>
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


def seen(html: str, mode: Mode = "en") -> Record:
    return record(answered(html), mode)


def test_a_page_in_both_languages_is_read_as_pairs() -> None:
    found = record(answered(PAGE))
    assert found["texts"][:5] == [
        "请您签字 ┃ Please sign",
        "请写明原因 ┃ Write why",
        "去填写 ┃ Go there",
        "来人 ┃ Who comes",
        "李",
    ]
    (form,) = found["forms"]
    assert form["action"] == "/c/TOKEN"
    assert [field.get("name") for field in form["fields"]] == ["does", "signer", "who", "good", "good", "why", None]
    assert form["fields"][1]["label"] == "姓名 ┃ Name"
    assert form["fields"][3] | {"tag": ""} == {
        "tag": "",
        "type": "radio",
        "name": "good",
        "value": "yes",
        "checked": True,
        "label": "是 ┃ Yes",
        "legend": "满意吗？ ┃ Satisfied?",
    }
    assert form["fields"][5]["value"] == "手写"


def test_a_page_in_one_language_is_compared_with_its_half() -> None:
    golden = record(answered(PAGE))
    chinese = re.sub(r'\s*<span(?: class="en")? lang="en">[^<]*</span>', "", PAGE)
    for old, new in ((" account holder", ""), (" All right", ""), (" please choose", ""), ("租户 tenant", "租户")):
        chinese = chinese.replace(old, new)
    assert differences(golden, seen(chinese, "zh"), "zh") == []
    assert differences(golden, seen(ENGLISH), "en") == []
    assert differences(golden, seen(ENGLISH), "zh")
    assert differences(golden, seen(chinese, "zh"), "en")
    assert differences(golden, record(answered(PAGE), "zh"), "zh")  # both languages are one too many


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_another_on_a_page_is_told(what: str) -> None:
    old, new = CHANGES[what]
    assert ENGLISH.count(old) >= 1
    told = differences(record(answered(PAGE)), seen(ENGLISH.replace(old, new, 1)), "en")
    assert told, what
    assert all(told)


@pytest.mark.parametrize("mode", ["both", "zh", "en"])
def test_status_and_headers_are_part_of_a_page(mode: Mode) -> None:
    policy = "default-src 'none'; style-src 'sha256-abc=' 'sha256-def='; img-src 'self'"
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
        assert (differences(golden, record(answered("", status, **headers), mode), mode) == []) is same, more


def test_white_space_and_styles_are_none_of_a_page_and_a_word_is() -> None:
    golden = record(answered(PAGE))
    styled = PAGE.replace("<dd>李</dd>", '<dd class="x" style="y">\n 李 </dd>').replace(
        "</head>", "<style>a{}</style></head>"
    )
    assert differences(golden, record(answered(styled))) == []
    told = differences(golden, record(answered(PAGE.replace("请您签字", "请您画押"))))
    assert any("请您签字" in line for line in told)
    assert any("请您画押" in line for line in told)


def golden(group: str, mode: Mode) -> dict[str, Record]:
    pages: dict[str, Record] = json.loads(path_of(group, mode).read_text())
    return pages


def compared(kept: dict[str, Record], found: dict[str, Record], mode: Mode) -> dict[str, list[str]]:
    assert list(kept) == sorted(found)
    return {name: told for name in kept if (told := differences(kept[name], found[name], mode))}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("group", GROUPS)
async def test_every_page_is_as_it_was_recorded(group: str, mode: Mode) -> None:
    told = compared(golden(group, mode), await pages(group, Shots(mode)), mode)
    assert not told, "\n".join(f"\n{name}\n" + "\n".join(lines) for name, lines in told.items())


class Translated(Shots):
    """Makes of each page in both languages one in a single language, as they will be."""

    def record(self, answer: httpx.Response) -> Record:
        html = answer.text
        if html:
            html = self.translated(html)
        made = httpx.Response(
            answer.status_code, content=html.encode(), headers=self.headers(answer), request=answer.request
        )
        return record(made, self.mode, self.hide)

    def headers(self, answer: httpx.Response) -> list[tuple[str, str]]:
        return [pair for pair in answer.headers.multi_items() if pair[0] not in ("content-length", "content-encoding")]

    def translated(self, html: str) -> str:
        chinese = self.mode == "zh"
        html = html.replace("）未验证时写的", "）<i></i>未验证时写的")  # a value before the text
        html = re.sub(
            r'([^<>]*)<span(?: class="en")? lang="en">([^<]*)</span>',
            lambda one: one[1] if chinese else f"{one[2]} ",
            html,
        )
        for pattern, zh, en in RULES:
            html = re.sub(pattern, zh if chinese else en, html)
        html = re.sub(f">{OPTION}</option>", lambda one: f">{one[1 if chinese else 2]}</option>", html)
        if not chinese:
            html = re.sub("<title>[^<]*", "<title>Home visit", html).replace('lang="zh-CN"', 'lang="en"')
        return html


@pytest.mark.parametrize("mode", ["zh", "en"])
@pytest.mark.parametrize("group", ["refusals", "door"])
async def test_pages_in_one_language_that_say_the_same_pass(group: str, mode: Mode) -> None:
    if MODES != ("both",):
        pytest.skip("pages have one language")
    assert compared(golden(group, mode), await pages(group, Translated(mode)), mode) == {}


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_that_chance_made_is_kept(group: str) -> None:
    text = path_of(group, "both").read_text()
    for chance in (
        "[0-9a-f]{64}",
        "/c/[a-z2-7]{26}",
        "/d/[a-z2-7]{48}",
        "base64,(?!PICTURE)",
        "__Host-[a-z-]+=(?!VALUE)",
    ):
        assert not re.search(chance, text), chance
