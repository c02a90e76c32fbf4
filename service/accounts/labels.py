"""Names of roles and of fields on pages."""

from service.web.language import PageText

from .permissions import Role

ROLE_NAMES: dict[Role, PageText] = {
    "technician": PageText("技术员"),
    "dispatcher": PageText("调度"),
    "supervisor": PageText("主管"),
    "admin": PageText("管理员"),
}

FIELDS: dict[str, PageText] = {
    "external_ref": PageText("工单号"),
    "type": PageText("类型"),
    "date": PageText("日期"),
    "from": PageText("开始"),
    "to": PageText("结束"),
    "technician": PageText("技术员"),
    "crew": PageText("同行"),
    "area": PageText("片区"),
    "areas": PageText("片区"),
    "name": PageText("姓名"),
    "phone": PageText("电话"),
    "address": PageText("地址"),
    "account": PageText("户号"),
    "content": PageText("工作内容"),
    "place": PageText("工作地点"),
    "reason": PageText("理由"),
    "exempt_reason": PageText("为什么不用预约"),
    "login": PageText("登录名"),
    "badge": PageText("工号"),
    "title": PageText("职务"),
    "roles": PageText("角色"),
    "code": PageText("动态码"),
    "password": PageText("密码"),
    "file": PageText("表格文件"),
}
"""Names of the fields of forms."""
