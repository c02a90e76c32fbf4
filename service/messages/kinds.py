"""What happened → which message, to whom, under which condition: the one table of all messages to customers.

Read `KINDS` from top to bottom. Each kind has the text as it is registered with a gateway (报备模板), and a function
that finds its occasions: what the customer has to be informed of now. The function raises the problem that
says why there is none. Every sender asks it, so that no message goes out whose condition does not hold: the API, the
desk, messages that are sent by themselves, and the worker, just before it sends.

A text announces nothing that is past, has begun or was cancelled. `{link}` and `{word}` are filled in on delivery; a
text without `{link}` makes no link. Every standard text fits two parts of a text message (`segments`).
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from service.errors import NoticeNotDue
from service.visits.plan import EXEMPT

from . import occasions
from .occasions import Occasion
from .situation import Situation, is_settled

MessageKind = Literal[
    "appointment",
    "reschedule",
    "handover",
    "reminder",
    "on_the_way",
    "cancellation",
    "please_sign",
    "signature_void",
    "complaint_received",
    "complaint_answered",
]
LINK, WORD = "{link}", "{word}"


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of message to the customer's telephone.

    `occasions` raises a Problem while the condition does not hold. `settled_by`: other kinds that say the same.
    `automatic`: it is sent by itself unless the settings say otherwise; the others are offered to a dispatcher.
    `arranges`: it asks the customer to agree, so that it is not due for a visit that needs no appointment.
    `urgent`: it goes before others, and does not wait for the end of the quiet hours.
    """

    name: MessageKind
    purpose: str
    condition: str
    text: str
    occasions: Callable[[Situation], tuple[Occasion, ...]]
    settled_by: tuple[MessageKind, ...] = ()
    automatic: bool = True
    arranges: bool = False
    urgent: bool = False

    def due(self, situation: Situation) -> Occasion:
        """The first occasion that the customer does not know of. NoticeNotDue, or the problem of `occasions`."""
        about = (self.name, *self.settled_by)
        if self.arranges and situation.visit.plan.assigned.get(EXEMPT):
            raise NoticeNotDue("这次上门不用预约 / the visit needs no appointment")
        for one in self.occasions(situation):
            if not is_settled(situation, about, one.key, one.since):
                return one
        raise NoticeNotDue

    def current(self, situation: Situation) -> Occasion:
        """The occasion to tell of, again if need be: the first that is due, else the last one."""
        try:
            return self.due(situation)
        except NoticeNotDue:
            return self.occasions(situation)[-1]


KINDS: dict[MessageKind, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="appointment",
            purpose="预约：告知时间、内容、地点，请客户配合，并请客户答复（4.3.1）",
            condition="上门还没有开始，约定的时间没有过，在 400 天以内，没有取消",
            text="【{company}】{customer}：{time}，{technician}上门{content}，{place}，口令{word}，请配合并答复 {link}",
            occasions=occasions.planned,
            settled_by=("reschedule",),
            automatic=False,
            arranges=True,
        ),
        Kind(
            name="reschedule",
            purpose="改约：客户已经知道原来的时间",
            condition="同上，并且客户最后得知的是另一个时间",
            text="【{company}】{customer}：{change}{time}，{technician}上门{content}，{place}，"
            "口令{word}，{request} {link}",
            occasions=occasions.moved,
            settled_by=("appointment",),
            automatic=False,
            arranges=True,
        ),
        Kind(
            name="handover",
            purpose="换人：客户听说过另一位技术员",
            condition="上门还没有开始，没有取消，客户最后得知的是另一位技术员",
            text="【{company}】{customer}：{time}上门的人员改为{technician}，口令{word}，见面请核对工作证。",
            occasions=occasions.handed_over,
            settled_by=("appointment", "reschedule"),
        ),
        Kind(
            name="reminder",
            purpose="前一天提醒",
            condition="明天上门，没有取消，客户收到过通知（12 小时内刚通知的不再提醒）",
            text="【{company}】{customer}：明天{time}，{technician}上门{content}，{place}，请留人。口令{word}。",
            occasions=occasions.tomorrow,
            settled_by=("appointment", "reschedule"),
        ),
        Kind(
            name="on_the_way",
            purpose="技术员点了“出发”",
            condition="一小时内出发，还没有到场，没有取消，预计到达的时间没有过",
            text="【{company}】{customer}：{technician}已出发，{arrival}。口令{word}，见面请核对工作证。",
            occasions=occasions.departed,
            urgent=True,
        ),
        Kind(
            name="cancellation",
            purpose="取消：客户知道有这次上门，也包括已经同意的",
            condition="已取消，没有开始，约定的时间没有过，客户收到过通知",
            text="【{company}】{customer}：原定{time}的上门已取消，给您带来不便，敬请谅解。如需另约{contact}。",
            occasions=occasions.cancelled,
            urgent=True,
        ),
        Kind(
            name="please_sign",
            purpose="请签认：上门已经结束，有内容等客户签认",
            condition="技术员已离开，记录在 7 天以内，有没签也没拒签的内容",
            text="【{company}】{customer}：{date}{content}已完成，有{count}份内容请您核对并签认：{link}",
            occasions=occasions.to_sign,
        ),
        Kind(
            name="signature_void",
            purpose="客户签字、拒签或不能签之后内容有更正",
            condition="技术员已离开，记录在 7 天以内，有签过、拒签或不能签的内容更正过",
            text="【{company}】{customer}：{date}{content}的内容有更正，请重新核对（原来签过字的已失效，请重签）：{link}",
            occasions=occasions.signature_void,
        ),
        Kind(
            name="complaint_received",
            purpose="投诉已受理：编号和答复期限",
            condition="7 天以内的投诉或举报，有编号，还没有答复",
            text="【{company}】{customer}：您反映的问题已受理，编号{number}，最晚{due}答复您。",
            occasions=occasions.complained,
        ),
        Kind(
            name="complaint_answered",
            purpose="投诉已答复",
            condition="7 天以内答复的投诉或举报",
            text="【{company}】{customer}：您反映的问题（编号{number}）已有答复，请查看：{link}",
            occasions=occasions.answered,
        ),
    )
}
