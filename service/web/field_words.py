"""What is wrong with a field of a form, in words for the person who filled it in."""

import re
from collections.abc import Mapping

from service.errors import FieldError
from service.judge.bounds import YEARS

Words = tuple[str, str]
"""In Chinese and English."""
INVALID = ("内容太长或不正确", "too long, or not valid")
WORDS: Mapping[str, Words] = {
    "missing": ("不能为空，请填写", "may not be empty; fill it in"),
    "before-from": ("结束须晚于开始", "it has to end after it begins"),
    "given-twice": ("每人只能有一次", "name everybody once"),
    "unknown-type": ("没有这种任务类型", "there is no such type of visit"),
    "unknown-person": ("没有这个技术员", "there is no such technician"),
    "unknown-visit": ("没有这个上门任务", "there is no such visit"),
    "unknown-fact": ("没有这个事实", "there is no such fact"),
    "unknown-item": ("清单中没有这个事项", "there is no such item in the checklist"),
    "unknown-word": ("请用所列的词之一", "choose one of the words listed"),
    "not-a-policy": ("须为清单中的策略", "name policies of the checklist"),
    "not-a-uuid": ("编号须为带连字符的 UUID", "must be a UUID"),
    "null-character": ("不能有 U+0000", "U+0000 is not allowed"),
    "one-of": ("两者须写且只写一个", "give one of the two"),
    "not-asked": ("现在没有问这一项", "this is not asked now"),
    "without-date": ("只能与日期一起用", "only with a date"),
    "required": ("请填写", "give it"),
    "not-your-role": ("须写您自己的角色", "name a role of your own"),
    "entry-changed": ("这个条目编号已用于别的内容，请换新编号", "take a new id"),
    "finding-changed": ("该问题已有变化，请重新查看", "look at the visit again"),
    "not-the-signer": ("签名是另一位去过的人的", "the signature is of somebody else who went"),
}
"""By the code of an error."""
_DECODER = (
    (r"Object missing required field|Expected `str` of length >= 1$", WORDS["missing"]),
    (r"Expected `str` matching regex '\\\\S'$", WORDS["missing"]),
    (re.escape(YEARS), ("请核对年份", "look at the year again")),
    (r"Expected `str` of length >= (\d+)", ("至少 {} 个字", "at least {} characters")),
    (r"Expected `str` of length <= (\d+)", ("太长，最多 {} 个字", "too long: at most {} characters")),
    (r"Expected `array` of length >= (\d+)", ("至少选 {} 项", "choose at least {}")),
    (r"Expected `array` of length <= (\d+)", ("太多，最多 {} 项", "too many: at most {}")),
    (r"Expected `(\w+)`, got `(\w+)`$", ("类型不对：须为 {}，收到 {}", "expected {}, got {}")),
    (r"Invalid RFC3339", ("时间须带日期和时区，如 2026-03-02T09:00:00+08:00", "write it as 2026-03-02T09:00:00+08:00")),
    (r"Invalid enum value", ("请从列表中选", "choose from the list")),
)
"""By what msgspec says."""
_MISSING = re.compile("Object missing required field `([^`]+)`")


def in_words(error: FieldError) -> Words:
    """The error in Chinese and English: its detail if that has both, divided by a slash."""
    zh, slash, en = error.detail.partition(" / ")
    if slash:
        return zh, en
    if error.code in WORDS:
        return WORDS[error.code]
    for pattern, (zh_format, en_format) in _DECODER:
        if found := re.match(pattern, error.detail):
            return zh_format.format(*found.groups()), en_format.format(*found.groups())
    return INVALID


def field_of(error: FieldError) -> str:
    """The name of the field that an error is about, as its pointer ends without numbers; of a window the start."""
    pointer = error.pointer
    if missing := _MISSING.match(error.detail):
        pointer = f"{pointer}/{missing[1]}"
    names = [name for name in pointer.split("/") if name and not name.isdigit()]
    return "from" if names[-1:] == ["window"] else names[-1] if names else ""
