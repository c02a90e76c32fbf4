"""Names of roles on pages."""

from service.web.language import PageText

from .permissions import Role

ROLE_NAMES: dict[Role, PageText] = {
    "technician": PageText("技术员"),
    "dispatcher": PageText("调度"),
    "supervisor": PageText("主管"),
    "admin": PageText("管理员"),
}
