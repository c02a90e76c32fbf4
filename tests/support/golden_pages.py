"""Golden pages: the content of pages, apart from their appearance, compared with what was recorded.

`record` extracts from a response its texts, forms, links, images, headings, ids, status and headers. It omits white
space, styles and elements that only serve them, and masks random values (tokens, digests, tickets). Each page is
recorded in both languages, without the element that switches between them (`LANGUAGE_SWITCH`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import httpx

Mode = Literal["zh", "en"]
Record = dict[str, Any]

MODES: tuple[Mode, ...] = ("zh", "en")
ACCEPT: dict[Mode, str] = {"zh": "zh-CN", "en": "en"}
"""The Accept-Language of each mode."""
LANGUAGE_SWITCH = "language"
FOLDER = Path(__file__).parents[1] / "golden"

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
"""The headers of every page; only deviations are recorded (None: the header is missing)."""
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
    (r"\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", "+KEY"),  # of the log
    (r"c2sp\.org/tlog-proof@v1\nextra [^<]+", "PROOF"),
    (r"(?<=<dt>日志编号</dt><dd>)\d+|(?<=<dt>Number in the log</dt><dd>)\d+", "NUMBER"),
    (r"(?<==)[^;=]+(?=; Path=/)", "VALUE"),  # of a cookie
)
STYLES = re.compile(r"(?<=^style-src )'sha256-[A-Za-z0-9+/]{43}='$")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b|(?<=statement-)[0-9a-f]{12}\b")


def record(answer: httpx.Response, hide: Mapping[str, str] | None = None) -> Record:
    """The record of a response. `hide`: further random values, and their replacements."""
    masks = Masks(hide or {})
    headers = {name: None if (value := answer.headers.get(name)) is None else masks(value) for name in HEADERS}
    if headers["content-security-policy"]:
        headers["content-security-policy"] = _policy(headers["content-security-policy"])
    own = {name: value for name, value in headers.items() if value != USUAL.get(name)}
    found: Record = {"status": answer.status_code, "headers": own}
    found["request"] = masks(f"{answer.request.method} {answer.request.url.path}")
    if answer.content:
        assert (headers["content-type"] or "").startswith("text/html"), answer.text
        found |= Reader(masks(answer.text)).found()
    return found


class Masks:
    """Replaces values that differ between runs by names."""

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
        """Anchors contain the first digits of a statement's digest, and get the same number."""
        number = self.digests.setdefault(found[0][:12], len(self.digests) + 1)
        return f"{'SHA256' if len(found[0]) == 64 else 'DIGEST'}-{number}"


def _policy(text: str) -> str:
    """A policy in canonical order. Styles inside the page, which it names by their digest, are as good as our own."""
    return "; ".join(sorted(STYLES.sub("'self'", one.strip()) for one in text.split(";")))


class Capture:
    """Collects the texts inside an open element."""

    def __init__(self, tag: str, depth: int, into: dict[str, Any], key: str) -> None:
        self.tag, self.depth, self.into, self.key = tag, depth, into, key
        self.texts: list[str] = []

    def close(self) -> None:
        """Store the texts."""
        if self.texts:
            self.into[self.key] = self.texts[0] if len(self.texts) == 1 else self.texts


class Reader(HTMLParser):
    """Parses a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page: Record = {"language": "", "title": "", "meta": {}, "scripts": [], "texts": []}
        self.page |= {"headings": [], "links": [], "images": [], "forms": [], "loose": [], "places": [], "details": []}
        self.open: list[str] = []  # the elements that are open
        self.runs: list[str] = []  # the texts of the block that is being read
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
        """The record, without empty parts."""
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
            self.open.append(tag)
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
        assert self.open[-1] == tag, (tag, self.open)  # ours are well-formed
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
        tags = set(self.open)
        if self.skipped:
            return
        if self.area is not None:
            self.area["value"] += data.replace("\r\n", "\n").removeprefix("\n")
        elif "title" in tags and "svg" not in tags:
            self.page["title"] += data
        elif not tags & UNSEEN:
            self.runs.append(data)

    def _flush(self) -> None:
        """A block of text is at its end."""
        text = " ".join("".join(self.runs).split())
        self.runs = []
        if not text:
            return
        if "option" not in self.open:
            self.page["texts"].append(text)
        for one in self.captures:
            one.texts.append(text)


def _some(given: Mapping[str, str], *names: str) -> dict[str, Any]:
    """Some attributes; one without a value is True."""
    flags = ("required", "checked", "selected", "open", "hidden", "autofocus", "disabled", "download", "data-pad")
    return {name: (given[name] or True) if name in flags else given[name] for name in names if name in given}


def differences(golden: Record, seen: Record) -> list[str]:
    """In what a page differs from its record, in lines for who has to look at it; none: it is the same."""
    one, other = dumped(golden).splitlines(), dumped(seen).splitlines()
    return [] if one == other else [*unified_diff(one, other, "recorded", "seen", lineterm="", n=1)]


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
    """Where the pages of a group are kept in a language."""
    return FOLDER / f"{group}.{mode}.json"
