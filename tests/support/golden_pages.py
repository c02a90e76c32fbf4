"""Golden pages: what a person gets from a page, apart from how it looks, and how it is compared with what was recorded.

`record` turns an answer into a record: its texts, forms, links, pictures, headings, ids, status and headers. White
space, styles and the elements that only serve them are left out, and so is what chance made (tokens, digests, tickets).

Pages were recorded while Chinese and English stood side by side, so a text in a record reads `中文 ┃ English`; a text
without ┃ has no English beside it: a name, a time, the customer's own words. `MODES` says how pages are compared:

- `both`: a page in both languages, which must be as it was recorded;
- `zh` or `en`: a page in one language, compared with that half of the record. Where a text stands in which element no
  longer matters then, only the order of the words. Texts that had to change are listed in `RULES`.

The switch between the languages is new on a page: the element with the id `LANGUAGE_SWITCH` is left out.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher, unified_diff
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import httpx

Mode = Literal["both", "zh", "en"]
Record = dict[str, Any]

MODES: tuple[Mode, ...] = ("both",)
"""How the pages are compared today. Once a page has one language at a time: ("zh", "en")."""
ACCEPT = {"both": "", "zh": "zh-CN", "en": "en"}
"""The Accept-Language with which the pages of a mode are asked for."""
LANGUAGE_SWITCH = "language"
FOLDER = Path(__file__).parents[1] / "golden"

BAR = " ┃ "  # between the Chinese and the English half of a text
HAN = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—·"  # characters beside which a space means nothing

RULES: tuple[tuple[str, str, str], ...] = (
    # what stood in both languages inside one text: pattern, Chinese, English
    (r"✓ 没问题 All right", "✓ 没问题", "✓ All right"),
    (r"✗ 有问题 Not right", "✗ 有问题", "✗ Not right"),
    (r"（([\u4e00-\u9fff]+) ([a-z][a-z ]+)）", r"（\1）", r"（\2）"),  # who somebody is to the customer
)
"""How a text without ┃ is told apart, and what an English page says where there was no English. Dates need no rule."""
OPTION = r"([\u4e00-\u9fff]+) ([A-Za-z][A-Za-z ]+)"
"""A choice in a list, in both languages."""

USUAL = {
    "cache-control": "no-store",
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive",
}
"""What every page says; of a page only what it says otherwise is kept (None: it does not say it)."""
HEADERS = (
    "cache-control",
    "content-disposition",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "location",
    "permissions-policy",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "x-content-type-options",
    "x-frame-options",
    "x-robots-tag",
)
INLINE = frozenset("abbr b bdi bdo cite code em i kbd mark q s small span strong sub sup time u wbr".split())
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
UNSEEN = frozenset(("script", "style", "svg", "title", "template"))
FIELDS = frozenset(("input", "select", "textarea", "button"))
KEPT = ("type", "name", "value", "required", "checked", "maxlength", "minlength", "pattern", "inputmode")
KEPT += ("autocomplete", "autocapitalize", "spellcheck", "enterkeyhint", "autofocus", "disabled", "hidden", "tabindex")

CHANCE = (
    (r"(?<=/c/)[a-z2-7]{26}(?![a-z0-9])", "TOKEN"),
    (r"(?<=/d/)[a-z2-7]{48}(?![a-z0-9])", "CODE"),
    (r"\b\d{13}\.[0-9a-f]{20}\b", "TICKET"),
    (r"(?<=base64,)[A-Za-z0-9+/=]+", "PICTURE"),
    (r"(?<==)[^;=]+(?=; Path=/)", "VALUE"),  # of a cookie
)
DIGEST = re.compile(r"\b[0-9a-f]{64}\b|(?<=paper-)[0-9a-f]{12}\b")


def record(answer: httpx.Response, mode: Mode = "both", hide: Mapping[str, str] | None = None) -> Record:
    """The record of an answer. `hide` has more words that chance made, and what stands for them."""
    masks = Masks(hide or {})
    headers = {name: None if (value := answer.headers.get(name)) is None else masks(value) for name in HEADERS}
    if headers["content-security-policy"]:
        headers["content-security-policy"] = _policy(headers["content-security-policy"])
    own = {name: value for name, value in headers.items() if value != USUAL.get(name)}
    found: Record = {"status": answer.status_code, "headers": own}
    found["request"] = masks(f"{answer.request.method} {answer.request.url.path}")
    if answer.content:
        assert (headers["content-type"] or "").startswith("text/html"), answer.text
        found |= Reader(masks(answer.text), bilingual=mode == "both").found()
    return found


class Masks:
    """Puts a name in the place of each thing that is another one at the next run."""

    def __init__(self, hide: Mapping[str, str]) -> None:
        self.hide = hide
        self.digests: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        for word, name in self.hide.items():
            text = text.replace(word, name)
        for pattern, name in CHANCE:
            text = re.sub(pattern, name, text)
        return DIGEST.sub(self._digest, text)

    def _digest(self, found: re.Match[str]) -> str:
        """A part's name has the first digits of the statement's digest: they are numbered together."""
        number = self.digests.setdefault(found[0][:12], len(self.digests) + 1)
        return f"{'SHA256' if len(found[0]) == 64 else 'DIGEST'}-{number}"


def _policy(text: str) -> str:
    """A policy in a fixed order. Whether styles of ours stand in the page or in a file is a question of their look."""
    own = re.sub(r"style-src (?:'self'|(?:'sha256-[^']+' ?)+)(?=;|$)", "style-src OWN", text)
    return "; ".join(sorted(one.strip() for one in own.split(";")))


class Capture:
    """The texts inside an element that is still open."""

    def __init__(self, tag: str, depth: int, into: dict[str, Any], key: str) -> None:
        self.tag, self.depth, self.into, self.key = tag, depth, into, key
        self.texts: list[str] = []

    def close(self) -> None:
        """Put them where they belong."""
        if self.texts:
            self.into[self.key] = self.texts[0] if len(self.texts) == 1 else self.texts


class Reader(HTMLParser):
    """Reads a page."""

    def __init__(self, html: str, *, bilingual: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.bilingual = bilingual
        self.page: Record = {"language": "", "title": "", "meta": {}, "scripts": [], "texts": []}
        self.page |= {"headings": [], "links": [], "images": [], "forms": [], "loose": [], "places": [], "details": []}
        self.open: list[tuple[str, str]] = []  # tag and language of the elements that are open
        self.runs: list[tuple[str, str]] = []  # language and text of the block that is being read
        self.captures: list[Capture] = []
        self.labels: dict[str, dict[str, Any]] = {}  # by the id of their field
        self.label: dict[str, Any] = {}  # the one that is open, or was
        self.form: dict[str, Any] | None = None
        self.legend: dict[str, Any] = {}
        self.select: dict[str, Any] = {}
        self.area: dict[str, Any] | None = None
        self.skipped = 0  # depth at which the switch between the languages began
        self.feed(html)
        self.close()
        self._flush()

    def found(self) -> Record:
        """What was read, without what is empty."""
        for field in (*(field for form in self.page["forms"] for field in form["fields"]), *self.page["loose"]):
            label = field.pop("in", None) or self.labels.get(field.get("id", "")) or {}
            legend = field.pop("of", {})
            field.update({"label": label["text"]} if label else {}, **{"legend": legend["text"]} if legend else {})
        return {key: value for key, value in self.page.items() if value}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in INLINE or "role" in given:
            self._flush()
        if tag not in VOID:
            self.open.append((tag, given.get("lang", self.open[-1][1] if self.open else "")))
        if self.skipped:
            return
        if given.get("id") == LANGUAGE_SWITCH:
            self.skipped = len(self.open)
            return
        self._note(tag, given)
        if tag in FIELDS:
            self._field(tag, given)
        elif {"id", "role", "hidden", "tabindex"} & given.keys() or any(one.startswith("aria-") for one in given):
            self._place(tag, given)

    def _note(self, tag: str, given: dict[str, str]) -> None:
        page = self.page
        if tag == "html":
            page["language"] = given.get("lang", "")
        elif tag == "meta" and "charset" not in given:
            page["meta"][given.get("name") or given["http-equiv"]] = given["content"]
        elif tag == "link" and given.get("rel") != "stylesheet":
            page["links"].append(_some(given, "rel", "href"))
        elif tag == "script":
            page["scripts"].append(_some(given, "type", "src"))
        elif tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            heading = {"level": int(tag[1])}
            page["headings"].append(heading)
            self._capture(tag, heading)
        elif tag == "a":
            link: dict[str, Any] = _some(given, "href", "download")
            page["links"].append(link)
            self._capture(tag, link)
        elif tag == "img":
            page["images"].append(_some(given, "src", "alt", "loading"))
        elif tag == "svg":
            page["images"].append({"svg": True})
        elif tag == "details":
            page["details"].append(_some(given, "open"))
        elif tag == "summary":
            self._capture(tag, page["details"][-1], "summary")
        elif tag == "form":
            self.form = {**_some(given, "id", "action", "method", "enctype", "data-pad"), "fields": []}
            page["forms"].append(self.form)
        elif tag == "legend":
            self.legend = {}
            self._capture(tag, self.legend)
        elif tag == "label":
            self.label = {}
            if "for" in given:
                self.labels[given["for"]] = self.label
            self._capture(tag, self.label)
        elif tag == "option":
            option: dict[str, Any] = _some(given, "value", "selected")
            self.select["options"].append(option)
            self._capture(tag, option)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        if tag == "button" and given.get("type") == "submit":
            del given["type"]  # it is what a button of a form does anyway
        field: dict[str, Any] = {"tag": tag, **_some(given, "id", *KEPT)}
        (self.page["loose"] if self.form is None else self.form["fields"]).append(field)
        if given.get("type") == "radio":
            field |= {"of": self.legend, "in": self.label}
        if tag == "button":
            self._capture(tag, field, "label")
        elif tag == "select":
            field["options"] = []
            self.select = field
        elif tag == "textarea":
            field["value"] = ""
            self.area = field

    def _place(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form":
            return
        place: dict[str, Any] = _some(given, "id", "role", "hidden", "tabindex")
        place |= {name: value for name, value in given.items() if name.startswith("aria-")}
        self.page["places"].append(place)
        if given.get("role") in ("alert", "status"):
            self._capture(tag, place)

    def _capture(self, tag: str, into: dict[str, Any], key: str = "text") -> None:
        self.captures.append(Capture(tag, len(self.open), into, key))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or not self.open:
            return
        if tag not in INLINE or (self.captures and self.captures[-1].depth == len(self.open)):
            self._flush()
        assert self.open[-1][0] == tag, (tag, self.open)  # ours are well-formed
        while self.captures and self.captures[-1].depth == len(self.open):
            self.captures.pop().close()
        if self.skipped == len(self.open):
            self.skipped = 0
        self.open.pop()
        if tag == "form":
            self.form = None
        elif tag == "textarea":
            self.area = None
        elif tag == "fieldset":
            self.legend = {}

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.open}
        if self.skipped:
            return
        if self.area is not None:
            self.area["value"] += data.replace("\r\n", "\n").removeprefix("\n")
        elif "title" in tags and "svg" not in tags:
            self.page["title"] += data
        elif not tags & UNSEEN:
            language = "en" if self.bilingual and self.open[-1][1].startswith("en") else "zh"
            self.runs.append((language, data))

    def _flush(self) -> None:
        """A block of text is at its end."""
        texts = (
            [*_pairs(self.runs)] if self.bilingual else [*filter(None, [squeezed("".join(t for _, t in self.runs))])]
        )
        self.runs = []
        if not texts:
            return
        if not any(tag == "option" for tag, _ in self.open):
            self.page["texts"] += texts
        for one in self.captures:
            one.texts += texts


def _some(given: Mapping[str, str], *names: str) -> dict[str, Any]:
    """Some attributes; one without a value is True."""
    flags = ("required", "checked", "selected", "open", "hidden", "autofocus", "disabled", "download", "data-pad")
    return {name: (given[name] or True) if name in flags else given[name] for name in names if name in given}


def _pairs(runs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Texts of a block: a Chinese one with the English one that follows, or what has none."""
    joined: list[list[str]] = []
    for language, text in runs:
        if joined and joined[-1][0] == language:
            joined[-1][1] += text
        else:
            joined.append([language, text])
    chinese = ""
    for language, text in joined:
        if language == "en":
            before, chinese = _parted(squeezed(chinese))
            if before:
                yield before
            yield f"{chinese}{BAR}{squeezed(text)}"
            chinese = ""
        else:
            chinese = text
    if squeezed(chinese):
        yield squeezed(chinese)


def _parted(chinese: str) -> tuple[str, str]:
    """A value before a text: only the text has the English that follows."""
    found = re.fullmatch(r"(.*）)(未验证时写的)", chinese)
    return (found[1], found[2]) if found else ("", chinese)


def squeezed(text: str) -> str:
    """With single spaces."""
    return " ".join(text.split())


def half(text: str, mode: Mode) -> str:
    """The half of a text in one language; of one that has no halves all, by the rules."""
    chinese, bar, english = text.partition(BAR)
    said = english if bar and mode == "en" else chinese
    for pattern, zh, en in RULES:
        said = re.sub(pattern, zh if mode == "zh" else en, said)
    return said


def one_language(golden: Record, mode: Mode) -> Record:
    """The half of a record in one language."""
    made = _halved(golden, mode)
    if "language" in made:
        made["language"] = "zh-CN" if mode == "zh" else "en"
    return made


def _halved(value: Any, mode: Mode, *, option: bool = False) -> Any:
    if isinstance(value, dict):
        kept = ("value", "name", "src", "href")
        return {key: one if key in kept else _halved(one, mode, option=key == "options") for key, one in value.items()}
    if isinstance(value, list) and option:
        return [{**one, "text": re.sub(OPTION, r"\1" if mode == "zh" else r"\2", one["text"])} for one in value]
    if isinstance(value, list):
        halves = [_halved(one, mode) for one in value]
        return [one for one in halves if one != ""]
    return half(value, mode) if isinstance(value, str) else value


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CHINESE_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:（周.）)?")
_ENGLISH_DAY = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?"
    rf"(\d{{1,2}}) ({'|'.join(MONTHS)})[a-z]*(?: (\d{{4}}))?(?:,? at|,)?(?= |$)"
)


def dated(text: str) -> str:
    """With dates as 2026-03-02 or 03-02, whichever language they stood in."""
    text = _CHINESE_DAY.sub(lambda one: _day(one[1], int(one[2]), int(one[3])), text)
    return _ENGLISH_DAY.sub(lambda one: _day(one[3], MONTHS.index(one[2]) + 1, int(one[1])), text)


def _day(year: str | None, month: int, day: int) -> str:
    return f"{f'{year}-' if year else ''}{month:02}-{day:02}"


def words(texts: Iterable[str], mode: Mode) -> list[str]:
    """The words of texts, in which each Chinese character is one."""
    said = " ".join(dated(one) if mode == "en" else one for one in texts)
    if mode == "en":  # punctuation in its own width
        said = said.translate(str.maketrans("（），：；？！", "(),:;?!"))
        said = re.sub(r"\s*([()])\s*", r" \1 ", said)
    return re.findall(rf"[{HAN}]|[^\s{HAN}]+", said)


def differences(golden: Record, seen: Record, mode: Mode = "both") -> list[str]:
    """In what a page differs from its record, in words for who has to look at it; nothing: it is the same."""
    if mode == "both":
        return _lines(golden, seen)
    expected, got = one_language(golden, mode), dict(seen)
    found: list[str] = []
    if mode == "en" and "title" in expected:  # the title had no English
        found += (
            [] if got.get("title") and not re.search("[\u4e00-\u9fff]", got["title"]) else ["the title is not English"]
        )
        expected.pop("title")
        got.pop("title", None)
    for part in sorted(expected.keys() | got.keys()):
        one, other = expected.get(part), got.get(part)
        if part == "texts":
            found += _words(words(one or (), mode), words(other or (), mode))
        else:
            found += _lines({part: _tight(one, mode)}, {part: _tight(other, mode)})
    return found


def _tight(value: Any, mode: Mode) -> Any:
    """Without spaces that mean nothing."""
    if isinstance(value, dict):
        return {key: _tight(one, mode) for key, one in value.items()}
    if isinstance(value, str):
        return _tight([value], mode)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(words(value, mode))  # it is one text, in however many elements
    return [_tight(one, mode) for one in value] if isinstance(value, list) else value


def _lines(golden: Any, seen: Any) -> list[str]:
    one, other = dumped(golden).splitlines(), dumped(seen).splitlines()
    return [] if one == other else [*unified_diff(one, other, "recorded", "seen", lineterm="", n=1)]


def _words(golden: list[str], seen: list[str]) -> list[str]:
    if golden == seen:
        return []
    found = []
    for what, a, b, c, d in SequenceMatcher(None, golden, seen, autojunk=False).get_opcodes():
        if what != "equal":
            where = " ".join(golden[max(a - 6, 0) : a])
            found.append(f"texts, after “{where}”: recorded “{' '.join(golden[a:b])}”, seen “{' '.join(seen[c:d])}”")
    return found


def dumped(content: Any) -> str:
    """JSON to be read and compared by people: sorted, and what is small on one line."""
    return "".join(_dump(content, 0)) + "\n"


def _dump(value: Any, depth: int) -> Iterator[str]:
    flat = json.dumps(value, ensure_ascii=False, sort_keys=True)
    nested = depth < 2 or (isinstance(value, list) and len(flat) > 60) or len(flat) > 300
    if not nested or not isinstance(value, dict | list) or not value:
        yield flat
        return
    pad, start, end = " " * (depth + 1), *("{}" if isinstance(value, dict) else "[]")
    yield f"{start}\n"
    parts = (
        [(f"{json.dumps(k)}: ", v) for k, v in sorted(value.items())]
        if isinstance(value, dict)
        else [("", v) for v in value]
    )
    for number, (name, one) in enumerate(parts):
        yield f"{pad}{name}"
        yield from _dump(one, depth + 1)
        yield ",\n" if number < len(parts) - 1 else "\n"
    yield " " * depth + end


def path_of(group: str, mode: Mode) -> Path:
    """Where the pages of a group are kept: once they were recorded in one language, each has its own file."""
    own = FOLDER / f"{group}.{mode}.json"
    return own if mode != "both" and own.exists() else FOLDER / f"{group}.json"
