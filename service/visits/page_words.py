"""What pages call the states, flags, verdicts and reasons of visits."""

from service.judge.checklist import Severity
from service.judge.findings import Verdict
from service.web.language import PageText

from .attention import ReasonKind
from .owed_duties import OwnerRole
from .status import Flag, State

STATES: dict[State, PageText] = {
    "planned": PageText("已计划"),
    "under_way": PageText("进行中"),
    "to_review": PageText("待审核"),
    "returned": PageText("已退回补正"),
    "closed": PageText("已办结"),
    "cancelled": PageText("已取消"),
}
TO_CLOSE = PageText("待结案")
"""The state `to_review` where nothing calls for a person: it ends by itself, or when what is owed is done."""


def state_text(state: State, *, calls: bool) -> PageText:
    """What pages call a state. `calls`: something about the visit calls for a person."""
    return TO_CLOSE if state == "to_review" and not calls else STATES[state]


FLAGS: dict[Flag, PageText] = {
    "awaiting_evidence": PageText("照片未到齐"),
    "open_duties": PageText("有未了事项"),
    "absent": PageText("客户不在"),
    "answered": PageText("客户已答复"),
    "complaint": PageText("有投诉"),
    "comment": PageText("有客户留言"),
    "asked_time": PageText("客户要改约"),
    "no_technician": PageText("没有技术员"),
    "clock": PageText("手机时钟超前"),
    "no_place": PageText("定位无效"),
    "notice_due": PageText("待通知"),
    "notice_failed": PageText("通知没发出"),
    "agreed": PageText("客户已同意"),
    "not_agreed": PageText("等客户答复"),
}
VERDICTS: dict[Verdict, PageText] = {
    "compliant": PageText("合规"),
    "compliant_with_remarks": PageText("合规，有提醒"),
    "non_compliant": PageText("不合规"),
}
SEVERITIES: dict[Severity, PageText] = {
    "violation": PageText("违规"),
    "warning": PageText("提醒"),
    "info": PageText("说明"),
    "open": PageText("待办"),
}
REASONS: dict[ReasonKind, PageText] = {
    "violation": PageText("违规"),
    "disputed": PageText("客户不认可"),
    "refused": PageText("客户拒签"),
    "void_signature": PageText("签名与内容不符"),
    "changed_number": PageText("验证码发往改过的号码"),
    "complaint": PageText("投诉或差评"),
    "overdue_duty": PageText("事项逾期"),
    "missing_files": PageText("照片迟迟未到"),
    "no_record": PageText("没有记录"),
    "clock": PageText("时钟不对"),
    "sample": PageText("抽查"),
    "explanation": PageText("技术员有说明"),
}
OWNERS: dict[OwnerRole, PageText] = {"technician": PageText("技术员"), "office": PageText("办公室")}
