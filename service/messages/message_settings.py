"""The settings that name kinds of messages."""

from collections.abc import Mapping

from service.config.errors import SettingsError
from service.config.settings import Settings

from .kinds import KINDS

_NONE = ("none",)


def automatic_kinds(settings: Settings) -> frozenset[str]:
    """The kinds that are sent by themselves. SettingsError."""
    named = () if settings.automatic == _NONE else settings.automatic
    _require_kinds("DOORSTEP_AUTOMATIC", named)
    return frozenset(named)


def templates(settings: Settings) -> Mapping[str, str]:
    """The ids of registered templates by kind. SettingsError."""
    pairs = [part.partition("=") for part in settings.sms_templates]
    if not all(template.strip() for _, _, template in pairs):
        raise SettingsError(
            "DOORSTEP_SMS_TEMPLATES: 应为 消息类别=模板编号，逗号分隔，如 appointment=SMS_1 / it must be KIND=ID, with "
            "commas, such as appointment=SMS_1"
        )
    found = {kind.strip(): template.strip() for kind, _, template in pairs}
    _require_kinds("DOORSTEP_SMS_TEMPLATES", tuple(found))
    return found


def _require_kinds(variable: str, named: tuple[str, ...]) -> None:
    for name in named:
        if name not in KINDS:
            raise SettingsError(
                f"{variable}: {name} 不是消息类别 / is no kind of message; 有这些 / those are {', '.join(KINDS)}"
            )
