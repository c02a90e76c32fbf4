"""What `doorstep check` finds: one thing that is set, or not, before the service goes live."""

from typing import Literal

import msgspec

Grade = Literal["must", "should", "hint", "fine"]
GRADES: dict[Grade, str] = {"must": "必须 must", "should": "建议 should", "hint": "提示 hint", "fine": "正常 fine"}
"""The gravest first. A hint is about what no program can see, such as a copy in a safe."""


class Finding(msgspec.Struct, frozen=True):
    """A thing by its name, how grave its state is, what that is, and what to do, in Chinese and English."""

    name: str
    grade: Grade
    zh: str
    en: str
    do_zh: str = ""
    do_en: str = ""


def fine(name: str, zh: str, en: str) -> Finding:
    """Something that is as it should be."""
    return Finding(name, "fine", zh, en)


def as_text(findings: list[Finding], *, everything: bool = False) -> str:
    """The findings for people, the gravest first; what is fine is only counted, unless `everything` is wanted."""
    lines: list[str] = []
    for grade, word in GRADES.items():
        for one in findings:
            if one.grade != grade or (grade == "fine" and not everything):
                continue
            lines.append(f"[{word}] {one.name}: {one.zh} / {one.en}")
            if one.do_zh:
                lines.append(f"    → {one.do_zh} / {one.do_en}")
    counts = {grade: sum(one.grade == grade for one in findings) for grade in GRADES}
    lines.append(
        f"必须处理 {counts['must']} 项，建议处理 {counts['should']} 项，提示 {counts['hint']} 项，"
        f"正常 {counts['fine']} 项 / "
        f"{counts['must']} must be done, {counts['should']} should be done, {counts['hint']} hints, "
        f"{counts['fine']} are fine"
    )
    return "\n".join(lines)
