"""The steps of a visit's history in words."""

from collections.abc import Mapping

from service.dispatch.wishes import wish_words
from service.judge.checklist import Text
from service.messages.kind_words import KIND_WORDS
from service.visits.page_words import FLAGS
from service.web.language import AnyText, PageText, TextPair

from .schemas import HistoryStep

KINDS: dict[str, PageText] = {
    "planned": PageText("派工"),
    "changed": PageText("改动计划"),
    "record": PageText("技术员提交记录"),
    "office": PageText("办公室补记"),
    "customer": PageText("客户通过链接答复"),
    "door": PageText("客户在门口核验"),
    "callback": PageText("电话回访"),
    "message": PageText("通知客户"),
    "review": PageText("审核"),
    "correction": PageText("退回补正"),
    "withdrawal": PageText("撤回补正"),
    "explanation": PageText("技术员说明"),
    "inquiry": PageText("询问技术员"),
    "looked": PageText("查看隔离内容"),
    "viewed": PageText("查看了这次上门，不是自己的任务"),
    "held": PageText("依法保全，不得删除"),
    "released": PageText("解除保全"),
    "account_held": PageText("依法保全户号，所有上门不得删除"),
    "account_released": PageText("解除户号的保全"),
    "departure": PageText("技术员出发"),
    "link": PageText("扫门口的码打开了客户的签认页，码由此人出示"),
}
CHANGES: dict[str, PageText] = {
    "window": PageText("改约"),
    "technician": PageText("转派"),
    "details": PageText("更正资料"),
    "due": PageText("定期限"),
    "cancellation": PageText("取消"),
}
MESSAGES: dict[str, PageText] = {
    **KIND_WORDS,
    "phone": PageText("已电话告知"),
    "sms": PageText("短信"),
    "wecom": PageText("企业微信"),
    "email": PageText("邮件"),
    "file": PageText("文件"),
    "waiting": PageText("待发"),
    "taken": PageText("已交给短信平台"),
    "failed": PageText("没有送达"),
    "delivered": PageText("已送达"),
    "refused": PageText("被拒"),
    "given_up": PageText("没有发出"),
    "withdrawn": PageText("已撤回"),
}
SAME_NETWORK = PageText("扫码的手机与工作人员在同一网络，可能是他自己扫的")

Line = tuple[AnyText, ...]
ASSIGNMENTS: dict[str, PageText] = {"own": PageText("认领"), "other": PageText("交给"), "": PageText("放开")}


def step_title(step: HistoryStep) -> PageText:
    """What was done."""
    if step.kind != "assignment":
        return KINDS[step.kind]
    return ASSIGNMENTS["own" if step.text == step.by else step.text and "other"]


def step_lines(
    step: HistoryStep, subjects: Mapping[str, Text], types: Mapping[str, AnyText], names: Mapping[str, str]
) -> tuple[Line, ...]:
    """What a step's text says, line by line: codes become words, logins names, and what people wrote stays."""
    match step.kind:
        case "planned":
            return ((types.get(step.text, _own(step.text)),),)
        case "changed":
            kind, _, reason = step.text.partition(": ")
            return ((CHANGES.get(kind, _own(kind)), *((_own(reason),) if reason else ())),)
        case "customer" if step.text.startswith("asked_time:"):
            return ((FLAGS["asked_time"], *wish_words(step.text.partition(":")[2].strip())),)
        case "departure":
            minutes = step.text.removesuffix(" min")
            return ((PageText("预计 %(minutes)s 分钟后到", {"minutes": minutes}),),) if minutes else ()
        case "link":
            return ((SAME_NETWORK,),) if step.text else ()
        case "record" | "office" | "customer" | "door" | "callback":
            return (tuple(subjects.get(code, _own(code)) for code in step.text.split()),)
        case "message":
            return (tuple(MESSAGES.get(code, _own(code)) for code in step.text.split()),)
        case "review" | "correction":
            return tuple(_line(line, subjects) for line in step.text.splitlines())
        case "assignment":
            return ((_own(names.get(step.text, step.text)),),) if step.text not in ("", step.by) else ()
        case _:
            return ((_own(step.text),),) if step.text else ()


DECISIONS: dict[str, PageText] = {"uphold": PageText("成立"), "override": PageText("不计")}
FAULTS: dict[str, PageText] = {
    "missing": PageText("没有做"),
    "order": PageText("顺序不对"),
    "evidence": PageText("缺少证据"),
    "signer": PageText("签字人不对"),
    "attest": PageText("要客户自己说"),
    "disputed": PageText("客户说没有做"),
    "waived": PageText("免除"),
    "bad_waiver": PageText("免除无效"),
    "late": PageText("时间不对"),
    "open": PageText("待办"),
    "undeclared": PageText("没有回答"),
    "changed_after_signature": PageText("签字后有改动"),
    "late_entry": PageText("事后补记"),
    "value": PageText("填写的内容不对"),
}
"""What is wrong with an item, by kind of finding: one item may have several."""


def _line(line: str, subjects: Mapping[str, Text]) -> Line:
    """A decision or a returned item: `override missing.id_shown: reason`, `id_shown: reason`; else somebody's words."""
    decision, _, rest = line.partition(" ")
    code, _, reason = (rest if decision in DECISIONS else line).partition(": ")
    fault, _, rest = code.partition(".") if decision in DECISIONS and "." in code else ("", "", code)
    item = rest.partition("[")[0].partition(".")[0]
    if item not in subjects:
        return (_own(line),)
    words = (DECISIONS[decision],) if decision in DECISIONS else ()
    kind = (FAULTS[fault],) if fault in FAULTS else ()
    return (*words, subjects[item], *kind, *((_own(reason),) if reason else ()))


def _own(text: str) -> TextPair:
    return TextPair(text, text)
