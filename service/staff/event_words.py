"""What happened, in a plain sentence for each word of an event."""

from service.web.language import PageText

WORDS: dict[str, PageText] = {
    "added": PageText("新增人员"),
    "roles": PageText("改角色或片区"),
    "card": PageText("改工作证"),
    "photo": PageText("换照片"),
    "left": PageText("离职"),
    "invited": PageText("给出设置密码的一次性码"),
    "reset": PageText("重置密码和动态码"),
    "password": PageText("设置密码"),
    "second-factor": PageText("启用动态码"),
    "second-factor-removed": PageText("解除验证器"),
    "second-factor-begun": PageText("开始设置动态码"),
    "signed-in": PageText("登录成功"),
    "sign-in-failed": PageText("登录失败"),
    "signed-out": PageText("退出登录"),
    "signed-out-everywhere": PageText("在所有地方退出登录"),
    "script-token": PageText("给出程序用的令牌"),
    "token-ended": PageText("停用令牌"),
    "session-ended": PageText("结束一处登录"),
    "passkey-added": PageText("添加通行密钥"),
    "passkey-removed": PageText("删除通行密钥"),
    "recovery-codes": PageText("生成备用码"),
    "recovery-code-used": PageText("用备用码登录"),
    "lockout": PageText("多次输错，登录变慢"),
    "calendar": PageText("开通日历地址"),
    "calendar-ended": PageText("停用日历地址"),
    "resealed": PageText("用新密钥封存动态码"),
    "enrolment-code": PageText("给出登记手机的一次性码"),
    "enrolled": PageText("登记手机"),
    "token": PageText("给手机换令牌"),
    "token-used": PageText("手机开始用新令牌"),
    "revoked": PageText("停用手机"),
    "files-opened": PageText("代为补传记录的照片"),
    "code-passed": PageText("客户输对短信验证码"),
    "sign-ins-deleted": PageText("删除到期的登录记录"),
    "coverage": PageText("从此一切都进日志"),
    "log-begun": PageText("开始用新名称的日志"),
}
"""Words of later versions have none, and are shown as they are."""

DETAILS: dict[str, PageText] = {
    "address": PageText("网络地址"),
    "areas": PageText("片区"),
    "badge": PageText("工号"),
    "device": PageText("手机"),
    "digest": PageText("摘要"),
    "key": PageText("公钥摘要"),
    "made_by": PageText("一次性码由谁给出"),
    "name": PageText("名称"),
    "photo": PageText("照片摘要"),
    "roles": PageText("角色"),
    "subject": PageText("编号"),
    "title": PageText("职务"),
    "visit": PageText("上门编号"),
}
"""The names of what else is known of an event."""
LOCKOUTS: dict[str, PageText] = {
    "address": PageText("从同一个网络地址试得太多"),
    "login": PageText("这个登录名试得太多"),
}
"""The reasons of a lockout."""
