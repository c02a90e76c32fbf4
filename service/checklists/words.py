"""Checklists in words: the names of their fields, and codes in a checklist's own words."""

import re
from collections.abc import Mapping
from datetime import date

from service.judge.checklist import Checklist
from service.web.language import AnyText, PageText, TextPair

SETTINGS: dict[str, PageText] = {
    "arrival_grace_minutes": PageText("约定时段前后的宽限（分钟）"),
    "hostile_report_minutes": PageText("上报客户态度蛮横的时限（分钟）"),
    "meeting_minutes": PageText("见面后出示证件的时限（分钟）"),
    "late_entry_minutes": PageText("超过多少分钟算补记"),
    "moved_after_minutes": PageText("偏离时段多少分钟算改期"),
    "settle_days": PageText("后续事项办结的天数"),
    "evidence_gap": PageText("缺少证据的轻重"),
}
FIELDS: dict[str, PageText] = SETTINGS | {
    "zh": PageText("中文"),
    "en": PageText("英文"),
    "id": PageText("代号"),
    "number": PageText("编号"),
    "source": PageText("原文"),
    "note": PageText("备注"),
    "notes": PageText("备注"),
    "label": PageText("名称"),
    "title": PageText("名称"),
    "class_": PageText("出处的类别"),
    "clause": PageText("条文"),
    "clauses": PageText("适用的条文"),
    "phrases": PageText("条文的句子"),
    "stage": PageText("阶段"),
    "kind": PageText("义务的种类"),
    "who": PageText("谁的义务"),
    "per": PageText("怎样计算"),
    "per_thing": PageText("逐件记录"),
    "things_of": PageText("逐件对应的事实"),
    "when": PageText("什么时候适用"),
    "entailed_by": PageText("由什么推出"),
    "manners": PageText("态度和方式"),
    "counts": PageText("以哪一次为准"),
    "satisfied_by_any": PageText("做到其中一项即可"),
    "order": PageText("先后"),
    "rel": PageText("先还是后"),
    "than": PageText("相对于"),
    "only_if": PageText("仅当"),
    "sev": PageText("违反的轻重"),
    "if_missing": PageText("没有做的轻重"),
    "lowered": PageText("放宽"),
    "to": PageText("放宽到"),
    "reason": PageText("理由"),
    "decided_by": PageText("谁决定的"),
    "on": PageText("决定日期"),
    "time_limit": PageText("期限"),
    "start": PageText("从何时起算"),
    "days": PageText("天"),
    "minutes": PageText("分钟"),
    "setting": PageText("按本单位的数字"),
    "may_stay_open": PageText("可以事后办"),
    "evidence": PageText("证据"),
    "EvidenceRequirement.min": PageText("必需的"),
    "strong": PageText("抽查时还要"),
    "fields": PageText("可填的内容"),
    "field": PageText("可填的内容"),
    "type": PageText("类型"),
    "unit": PageText("计量单位"),
    "min": PageText("最小"),
    "max": PageText("最大"),
    "choices": PageText("选项"),
    "attested_by": PageText("谁可以记"),
    "customer_asked": PageText("问客户"),
    "waiver": PageText("免除"),
    "by": PageText("谁可以免除"),
    "needs": PageText("需要记下"),
    "result": PageText("结果"),
    "refusal": PageText("客户拒绝"),
    "covers": PageText("签字包含的义务"),
    "signs": PageText("签字的义务"),
    "allowed_signers": PageText("谁可以签"),
    "not_allowed": PageText("谁不可以签"),
    "default": PageText("默认启用"),
    "screen": PageText("技术员看到的话"),
    "customer": PageText("客户看到的话"),
    "supervisor": PageText("班长看到的话"),
    "items": PageText("涉及的义务"),
    "item": PageText("义务"),
    "event": PageText("有时间"),
    "must_declare": PageText("没有发生也要回答"),
    "appointment": PageText("预约"),
    "entry": PageText("入内"),
    "incidents": PageText("离开前要回答的情况"),
    "must_tell": PageText("开工后要回答的情况"),
    "subtypes": PageText("细类"),
    "asked_always": PageText("每次都问"),
    "bad_answer": PageText("算不满意的回答"),
    "own_device": PageText("只在客户自己的设备上问"),
    "lines": PageText("各行"),
    "declares": PageText("签字人声明的话"),
}
"""What pages call a field; `Struct.field` where a name has two meanings."""
CODES: dict[str, PageText] = {
    "act": PageText("要做的事"),
    "prohibition": PageText("不可以做的事"),
    "computed": PageText("由系统推出"),
    "outcome": PageText("要有的结果"),
    "best_effort": PageText("尽力而为"),
    "technician": PageText("技术员"),
    "dispatcher": PageText("调度员"),
    "supervisor": PageText("班长"),
    "office": PageText("办公室"),
    "inspector": PageText("用水检查人员"),
    "system": PageText("系统"),
    "customer": PageText("客户"),
    "visit": PageText("每次上门一次"),
    "thing": PageText("每件一次"),
    "first": PageText("第一次"),
    "last": PageText("最后一次"),
    "before": PageText("先于"),
    "after": PageText("后于"),
    "window_end": PageText("约定时段结束"),
    "yes": PageText("是"),
    "no": PageText("否"),
    "reason": PageText("理由"),
    "required": PageText("要预约"),
    "required_short": PageText("要预约，可以临近"),
    "notice_instead": PageText("以通知代替"),
    "unannounced_allowed": PageText("可以不预约"),
    "exempt": PageText("不需要"),
    "exempt_if_no_entry": PageText("不入内就不需要"),
    "always": PageText("总是"),
    "often": PageText("常常"),
    "sometimes": PageText("有时"),
    "rare": PageText("很少"),
    "other": PageText("其他"),
}
TYPES: dict[str, PageText] = {
    "number": PageText("数字"),
    "text": PageText("文字"),
    "choice": PageText("选择"),
    "code": PageText("号码"),
    "time": PageText("时间"),
    "event": PageText("有时间的事"),
    "declared": PageText("由技术员回答"),
    "assigned": PageText("派工时已知"),
    "computed": PageText("由系统推出"),
}
_FREE = {
    *("zh", "en", "id", "number", "source", "note", "notes", "clause", "clauses", "entailed_by", "manners", "reason"),
    *("decided_by", "unit", "subtypes"),
}
"""Fields with text that people wrote."""
_CONDITION_WORDS = {
    "and": TextPair("并且", "and"),
    "or": TextPair("或者", "or"),
    "not": TextPair("没有", "not"),
    "in": TextPair("是其中之一", "is one of"),
    "==": TextPair("是", "is"),
    "always": TextPair("始终", "always"),
    "visit_type": TextPair("上门类型", "visit type"),
}
_CONDITION_TOKEN = re.compile(r"==|'[^']*'|[a-z_][a-z0-9_]*")
_CHINESE_BLANK = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


class ChecklistWords:
    """The words of one version."""

    def __init__(self, checklist: Checklist) -> None:
        self.names: dict[str, AnyText] = {
            **{code: text for texts in checklist.words.values() for code, text in texts.items()},
            **checklist.evidence_kinds,
            **CODES,
            **checklist.words.get("stages", {}),
            **{field: each for item in checklist.items for field, each in item.fields.items()},
            **checklist.visit_types,
            **checklist.facts,
            **{item.id: item.label for item in checklist.items},
        }
        self.by_field: dict[str, Mapping[str, AnyText]] = {
            "type": TYPES,
            "setting": SETTINGS,
            "entry": CODES,
            "rel": CODES,
            "only_if": {**self.names, "before": CODES["before"]},
            "class_": checklist.words.get("classes", {}),
            "stage": checklist.words.get("stages", {}),
            "min": checklist.evidence_kinds,
            "strong": checklist.evidence_kinds,
            "evidence": checklist.evidence_kinds,
        }

    def name(self, code: str, field: str = "") -> AnyText:
        """A code in words; itself where it has none."""
        return self.by_field.get(field, self.names).get(code) or TextPair(code, code)

    def value(self, field: str, value: str | float | date | None) -> AnyText:
        """A single value of a field."""
        if isinstance(value, bool):
            return CODES["yes" if value else "no"]
        text = str(value)
        if field in _FREE or not isinstance(value, str):
            return TextPair(text, text)
        return self.condition(text) if field == "when" else self.name(text, field)

    def condition(self, text: str) -> TextPair:
        """A condition of an item with the names of its facts."""
        texts = [_CONDITION_WORDS.get(code) or self.name(code) for code in _condition_codes(text)]
        zh, en = iter([one.zh for one in texts]), iter([_english(one) for one in texts])
        chinese = _CONDITION_TOKEN.sub(lambda _: next(zh), text)
        return TextPair(_CHINESE_BLANK.sub("", chinese), _CONDITION_TOKEN.sub(lambda _: next(en), text))


def _condition_codes(text: str) -> list[str]:
    return [token.strip("'") for token in _CONDITION_TOKEN.findall(text)]


def _english(text: AnyText) -> str:
    return text.zh if isinstance(text, PageText) else text.en or text.zh
