"""The fields of the forms of a visit's page: their names, and where on the page an error leads to."""

from collections.abc import Callable, Mapping, Sequence

from service.errors import FieldError
from service.web.language import PageText

from .review_form import fields, new_choices

LABELS: Mapping[str, Mapping[str, PageText]] = {
    "review": {"findings": PageText("决定"), "reason": PageText("理由"), "comment": PageText("附言")},
    "inquiries": {"text": PageText("要问的话")},
    "explanations": {"text": PageText("您的说明")},
    "corrections": {
        "items": PageText("要退回的事项"),
        "reason": PageText("缺什么"),
        "due": PageText("何时之前"),
    },
    "entries": {
        "what": PageText("办了什么"),
        "channel": PageText("怎样告知客户"),
        "text": PageText("办理结果和答复"),
    },
    "callbacks": {
        "called": PageText("打给谁"),
        "at": PageText("什么时候"),
        "text": PageText("客户说了什么"),
        "answers": PageText("客户的回答"),
    },
}
"""By form: the names of its fields."""
_IDS: Mapping[str, str] = {
    "review findings": "finding-1",
    "entries what": "done",
    "entries channel": "how",
    "entries text": "said-by-office",
}


def places(
    sent: str, form: Mapping[str, str], codes: Sequence[str], returnable: Sequence[str]
) -> Callable[[FieldError, str], str]:
    """How to find the element that an error about a field of the form `sent` leads to: its id.

    `codes`: of the findings of the page, `returnable`: the keys of what can be returned, both in the order shown.
    """
    chosen = {"review": list(new_choices(form)), "corrections": [key for key, _ in fields(form, "item:")]}

    def place(error: FieldError, name: str) -> str:
        steps = error.pointer.split("/")
        if name == "reason" and len(steps) > 2 and steps[2].isdigit():
            key = chosen[sent][int(steps[2])]
            shown, prefix = (codes, "reason") if sent == "review" else (returnable, "why")
            return f"{prefix}-{shown.index(key) + 1}" if key in shown else ""
        if sent in ("inquiries", "explanations"):
            finding = form.get("finding", "")
            return f"{sent}-{codes.index(finding) + 1}" if finding in codes else ""
        return _IDS.get(f"{sent} {name}", name)

    return place
