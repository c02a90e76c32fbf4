"""What pages call the kinds of messages."""

from service.web.language import PageText

KIND_WORDS: dict[str, PageText] = {
    "appointment": PageText("预约通知"),
    "reschedule": PageText("改约通知"),
    "handover": PageText("换人通知"),
    "reminder": PageText("前一天提醒"),
    "on_the_way": PageText("出发通知"),
    "cancellation": PageText("取消通知"),
    "please_sign": PageText("请签认"),
    "signature_void": PageText("内容更正通知"),
    "complaint_received": PageText("投诉受理通知"),
    "complaint_answered": PageText("投诉答复通知"),
    "other": PageText("自己写的消息"),
    "code": PageText("验证码"),
}
