"""The texts of the app: each in Chinese and in English, and none outside the files of words."""

import re

from service import errors
from service.phone import files

HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
WORDS = {"app/texts.js", "app/words.js", "flow/table.js"}
ELSEWHERE = {
    "app/parts.js": 1,  # 中文, in Chinese
    "app/screens/settings.js": 1,
    "app/filled.js": 1,  # a text of the customer's paper
    "data/file_sender.js": 2,  # each with its English
}
"""Lines with Chinese that are no text of a screen in one language."""
PAIR = re.compile(r'^  "?([\w.-]+)"?: \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.MULTILINE)
OF_FILES = {"not-photo", "photo-unreadable", "file-too-large", "no-longer-here"}
STOPS = {"device-revoked", "not-signed-in", "not-allowed"}


def text_of(name: str) -> str:
    return files.FILES[name].body.decode()


def source_of(name: str) -> str:
    return (files.FOLDER / name).read_text("utf-8")


def test_texts_are_in_both_languages() -> None:
    found = [pair for name in WORDS - {"flow/table.js"} for pair in PAIR.findall(source_of(name))]
    assert len(found) > 250
    for key, zh, en in found:
        assert en.strip(), key
        assert HAN.search(zh) or key == "app", key
        assert not HAN.search(en), key
        assert sorted(re.findall(r"{\w+}", zh)) == sorted(re.findall(r"{\w+}", en)), key


def test_no_text_is_outside_the_files_of_words() -> None:
    for name in files.FILES:
        if name.endswith(".js") and name.startswith(("app/", "data/")) and name not in WORDS:
            lines = [line for line in text_of(name).split("\n") if HAN.search(re.sub(r"\s//.*", "", line))]
            allowed = ELSEWHERE.get(name, 1 if name == "app/words.js" else 0)
            assert len(lines) <= allowed, (name, lines)


def test_every_reason_not_to_accept_something_is_said_in_both_languages() -> None:
    known = set(re.findall(r'^  "([\w-]+)": ', source_of("app/texts.js"), re.MULTILINE))
    problems = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.Problem)]
    quarantined = {one.code for one in problems if one.quarantines_input}
    assert len(quarantined) > 5
    assert quarantined | OF_FILES | STOPS <= known
