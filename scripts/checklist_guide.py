"""The keys of checklists, as tables for checklists/README.md. A test compares them with the Structs."""

from typing import Any, cast

import msgspec
from msgspec import inspect

from service.checklists.source import PublishedVersion
from service.judge.checklist import (
    ChecklistSettings,
    Choice,
    Clause,
    ClausePhrase,
    EvidenceRequirement,
    Example,
    Fact,
    Field,
    Item,
    Line,
    OrderRule,
    Question,
    Refusal,
    SeverityOverride,
    Statement,
    TimeLimit,
    VisitType,
    Waiver,
)

Struct = type[msgspec.Struct]

TITLES: dict[Struct, tuple[str, str, str]] = {
    Clause: ("[clause]", "条文", "the clause"),
    ClausePhrase: ("phrases", "短语", "a phrase of the clause"),
    Item: ("[[item]]", "义务", "an item: one obligation"),
    OrderRule: ("order", "顺序", "order"),
    TimeLimit: ("time_limit", "时限", "time limit"),
    EvidenceRequirement: ("evidence", "证据", "evidence"),
    Waiver: ("waiver", "免除", "waiver"),
    Refusal: ("refusal", "客户拒绝", "refusal by the customer"),
    SeverityOverride: ("lowered", "放宽", "a severity below what the norm says"),
    Field: ("[item.fields.…]", "填写项", "a typed answer"),
    Choice: ("choices", "可选项", "one choice"),
    Example: ("[[item.examples]]", "示例", "an example"),
    Fact: ("[fact.…]", "事实", "a fact"),
    VisitType: ("[visit_type.…]", "上门种类", "a type of visit"),
    Question: ("[[question]]", "客户页的问题", "a question to the customer"),
    Statement: ("[[statement]]", "客户签认的内容", "a statement for the customer to sign"),
    Line: ("lines", "签认内容的一行", "one line of a statement"),
    ChecklistSettings: ("[defaults]", "本单位的数字", "the utility's figures"),
    PublishedVersion: ("[[published]]", "已发布的版本 (published.toml)", "published versions"),
}

MEANINGS: dict[Struct, dict[str, tuple[str, str]]] = {
    Clause: {
        "number": ("条款号", "number"),
        "source": ("来源原文，连编号", "source wording with its numbering, for provenance"),
        "zh": ("恢复后的条文，给人看", "restored wording, shown to people"),
        "en": ("英文", "English"),
        "phrases": ("把条文切成短语，连起来就是全文", "the clause split into phrases; joined, they give its full text"),
    },
    ClausePhrase: {
        "source": ("来源原文", "source wording"),
        "zh": ("恢复后的文字", "restored wording"),
        "items": ("由它而来的义务，至少一项", "the items based on it, at least one"),
        "note": ("说明", "note"),
    },
    Item: {
        "id": ("编号，永不改名", "id; never renamed"),
        "label": ("短名", "short name"),
        "screen": ("技术员手机上的话", "what the technician reads"),
        "customer": ("问客户的话", "what the customer is asked"),
        "supervisor": ("没有做到时，班长看到的话", "what the supervisor reads when it was not done"),
        "class": ("来历：规范原文、推出、其他章节、本单位", "where it comes from"),
        "clause": ("条款号；policy 写出处", "its clause; for a policy, its source"),
        "entailed_by": ("为什么由原文推出", "why the norm entails it"),
        "stage": ("阶段", "stage of the visit"),
        "kind": ("种类：做、禁止、推算、结果、尽量", "what kind of duty"),
        "who": ("谁的义务", "whose duty"),
        "per": ("每次一项，还是逐件", "once per visit, or for each thing"),
        "things_of": ("逐件：哪个事实的物件", "the fact whose things it applies to"),
        "when": ("什么情况下适用：事实、and、or、not、( )、always、visit_type == 'x'", "when it applies"),
        "manners": ("规范要求的态度", "manners that the norm requires"),
        "counts": ("以第一次还是最后一次为准", "whether the first or the last act counts"),
        "satisfied_by_any": ("做到其中任何一项即可", "satisfied by any of these items"),
        "order": ("先后顺序", "order relative to other items and facts"),
        "time_limit": ("时限", "time limit"),
        "may_stay_open": ("可以上门以后再办", "may be done after the visit"),
        "evidence": ("证据", "evidence"),
        "fields": ("填写项，都不是必填", "typed answers; none is required"),
        "attested_by": ("谁可以填", "who may attest it"),
        "customer_asked": ("是否问客户", "whether the customer is asked"),
        "waiver": ("谁可以免除", "who may waive it"),
        "refusal": ("客户可以拒绝", "the customer may refuse"),
        "covers": ("签字所认的义务", "items that the signature covers"),
        "signs": ("哪一项是签字", "the item that is the signature"),
        "allowed_signers": ("谁可以签字", "who may sign"),
        "not_allowed": ("谁不可以签字", "who may not sign"),
        "default": ("policy：不说时是否启用", "policy: whether it is enabled by default"),
        "if_missing": ("没有做的轻重", "severity when it was not done"),
        "lowered": ("放宽", "lowered severity"),
        "notes": ("说明", "notes"),
    },
    OrderRule: {
        "rel": ("在……之前、之后", "before or after"),
        "than": ("另一项义务、事实，或 window_end（约定时段结束）", "an item, a fact, or window_end"),
        "sev": ("顺序不对的轻重", "severity when broken"),
        "only_if": ("只有这两件事按此先后时才查", "checked only when these two came in this order"),
        "lowered": ("放宽", "lowered severity"),
    },
    TimeLimit: {
        "from": ("从哪个事实起算", "counted from this fact"),
        "sev": ("超时的轻重", "severity when late"),
        "days": ("天（每天 24 小时）", "days of 24 hours"),
        "minutes": ("分钟", "minutes"),
        "setting": ("用 [defaults] 中的哪个分钟数", "a setting in minutes instead"),
        "note": ("说明", "note"),
    },
    EvidenceRequirement: {
        "min": ("少了就不算证明", "required evidence"),
        "strong": ("抽查时要的更强证据", "requested by sampling"),
    },
    Waiver: {
        "by": ("谁", "who"),
        "needs": ("要写什么", "what it requires"),
        "result": ("免除以后的轻重", "the remaining severity"),
    },
    Refusal: {
        "needs": ("要记录什么", "what has to be recorded"),
        "result": ("拒绝以后：待办", "the result: open"),
    },
    SeverityOverride: {
        "to": ("放宽到", "to which severity"),
        "reason": ("原因", "why"),
        "decided_by": ("谁决定", "who decided"),
        "on": ("日期，如 2026-01-31", "when"),
    },
    Field: {
        "type": ("种类：数、文字、选择、扫码、时间", "type"),
        "zh": ("中文名", "Chinese name"),
        "en": ("英文名", "English name"),
        "unit": ("单位", "unit"),
        "min": ("最小", "least"),
        "max": ("最大", "most"),
        "choices": ("可选项", "choices"),
    },
    Choice: {
        "id": ("编号", "id"),
        "zh": ("中文", "Chinese"),
        "en": ("英文", "English"),
    },
    Example: {
        "shows": ("一句话的故事", "the example in one sentence"),
        "visit": ("与平常不同之处（见下）", "differences from the usual visit (below)"),
        "now": ("在什么时候判断，默认第二天中午", "when to judge; noon of the next day by default"),
        "entries": ("记录", "entries"),
        "gives": ("本项得出的结论，按顺序；没有问题写 []", "the resulting findings of this item, in order"),
    },
    Fact: {
        "zh": ("中文", "Chinese"),
        "en": ("英文", "English"),
        "type": ("种类", "type"),
        "per_thing": ("逐件记录", "recorded for each thing"),
        "things_of": ("它的物件也是哪个事实的物件", "a fact of which these are also things"),
        "event": ("有发生的时间", "has a time"),
        "must_declare": ("没有发生也要回答", "has to be declared even when it did not happen"),
        "customer": ("客户可以自己提出，页面上的话", "the customer may report it; the text on the customer's page"),
    },
    VisitType: {
        "zh": ("中文", "Chinese"),
        "en": ("英文", "English"),
        "subtypes": ("小类", "subtypes"),
        "appointment": ("预约方式", "type of appointment"),
        "entry": ("是否入内", "whether premises are entered"),
        "must_tell": ("开工以后必须回答的事实", "facts to be declared once work has started"),
        "incidents": ("离开以前必须回答的事实", "facts to be declared before leaving"),
        "clauses": ("适用的条款，* 表示发生时才适用", "clauses that apply; with *, only in the event"),
    },
    Question: {
        "id": ("编号", "id"),
        "zh": ("中文", "Chinese"),
        "en": ("英文", "English"),
        "items": ("答得不好时提出异议的义务", "items that a negative answer disputes"),
        "bad_answer": ("哪个回答是不好的", "which answer is negative"),
        "asked_always": ("总是要问", "always asked"),
        "own_device": ("只在客户自己的手机上问", "asked only on the customer's own device"),
        "note": ("说明", "note"),
    },
    Statement: {
        "id": ("编号", "id"),
        "title": ("标题", "title"),
        "signs": ("签了字就算做到的义务；不写就只看不签", "the item fulfilled by signing; without it, only shown"),
        "lines": ("各行，没有内容的行不出现", "its lines; empty ones are omitted"),
        "declares": ("签字人声明的话", "what the signer declares"),
    },
    Line: {
        "item": ("取自哪项义务", "from which item"),
        "field": ("它的哪个填写项", "which of its typed answers"),
        "evidence": ("或者它的哪种证据", "or which kind of its evidence"),
        "label": ("名称；不写就用填写项或义务的名称", "its name; by default the field's or the item's"),
    },
    ChecklistSettings: {
        "arrival_grace_minutes": ("约定时段前后的宽限", "grace around the agreed window"),
        "hostile_report_minutes": ("客户蛮横，多久内上报", "time to report a hostile customer"),
        "meeting_minutes": ("见面后多久内出示证件", "time to show the ID card after meeting"),
        "late_entry_minutes": ("多久以后算补记", "an entry written later than this is late"),
        "moved_after_minutes": ("偏离多久算改期", "an arrival this far outside the window counts as a reschedule"),
        "settle_days": ("后续事项多少天内办结", "days to settle what remains open"),
        "evidence_gap": (
            "缺少证据的轻重，按种类；其余写 other",
            "severity of missing evidence by kind; other for the rest",
        ),
    },
    PublishedVersion: {
        "id": ("清单", "checklist"),
        "version": ("版本", "version"),
        "sha256": ("内容的摘要（lint 会说出来）", "digest of the content (lint prints it)"),
        "by": ("谁发布", "who published it"),
        "why": ("为什么", "why"),
        "on": ("日期", "when"),
    },
}


def tables() -> str:
    """Markdown: one table of keys per struct."""
    return "\n".join(_table(struct) for struct in TITLES)


def _table(struct: Struct) -> str:
    title, zh, en = TITLES[struct]
    written = {field.encode_name: field for field in _fields(struct)}
    rows = [f"### `{title}` {zh} · {en}", "", "| 键 key | 值 value | 说明 | meaning |", "|---|---|---|---|"]
    for key, (chinese, english) in MEANINGS[struct].items():
        field = written[key]
        needed = " **\\***" if field.required else ""
        rows.append(f"| `{key}`{needed} | {_value(field.type)} | {chinese} | {english} |")
    return "\n".join([*rows, ""])


def _fields(struct: Struct) -> tuple[inspect.Field, ...]:
    return cast("inspect.StructType", inspect.type_info(struct)).fields


_PLAIN: dict[type[inspect.Type], str] = {
    inspect.StrType: "文字 text",
    inspect.BoolType: "true / false",
    inspect.IntType: "整数 whole number",
    inspect.FloatType: "数 number",
    inspect.DateType: "日期 date",
    inspect.AnyType: "—",
}


def _value(shape: Any) -> str:
    match shape:
        case inspect.LiteralType():
            return " ".join(f"`{value}`" for value in shape.values)
        case inspect.Metadata():
            return _value(shape.type)
        case inspect.UnionType():
            return " / ".join(_value(one) for one in shape.types if not isinstance(one, inspect.NoneType))
        case inspect.VarTupleType():
            return f"[ {_value(shape.item_type)} … ]"
        case inspect.TupleType():
            return f"[ {', '.join(_value(one) for one in shape.item_types)} ]"
        case inspect.DictType():
            return f"{{ 名 name = {_value(shape.value_type)} }}"
        case inspect.StructType() if shape.cls in TITLES:
            return f"`{TITLES[shape.cls][0]}`"
        case inspect.StructType():
            return "{ zh, en }"
        case _:
            return _PLAIN.get(type(cast("inspect.Type", shape)), "—")
