"""The subjects of settings. A setting is described by the class of its subject, which is a heading of docs/settings.md.

They are in the order in which somebody sets a server up: what must be set comes first.
"""

from typing import ClassVar

import msgspec


class SettingHelp(msgspec.Struct, frozen=True):
    """The description of a setting for people, in Chinese and English."""

    zh: str
    en: str
    title_zh: ClassVar[str] = ""
    title_en: ClassVar[str] = ""


class Network(SettingHelp, frozen=True):
    """Where the service is, and who may connect."""

    title_zh, title_en = "地址和网络", "Address and network"


class Storage(SettingHelp, frozen=True):
    """Where everything is kept."""

    title_zh, title_en = "数据库和文件", "Database and files"


class Customers(SettingHelp, frozen=True):
    """What customers see."""

    title_zh, title_en = "客户看到的", "What customers see"


class Messages(SettingHelp, frozen=True):
    """How messages and mails are sent."""

    title_zh, title_en = "短信和邮件", "Messages and mail"


class SignIn(SettingHelp, frozen=True):
    """How people, phones and scripts sign in."""

    title_zh, title_en = "人员登录", "People's sign-in"


class Handling(SettingHelp, frozen=True):
    """How the office works."""

    title_zh, title_en = "办理", "How visits are handled"


class Retention(SettingHelp, frozen=True):
    """For how long personal data are kept."""

    title_zh, title_en = "保存期限", "Retention"


class SigningKeys(SettingHelp, frozen=True):
    """Keys, and the log that they sign."""

    title_zh, title_en = "密钥和日志", "Keys and the log"


class Integrations(SettingHelp, frozen=True):
    """Other systems."""

    title_zh, title_en = "对接和监控", "Integrations and monitoring"


class Limits(SettingHelp, frozen=True):
    """How much one person, visit or request may take."""

    title_zh, title_en = "上限", "Limits"


class Running(SettingHelp, frozen=True):
    """What the process says of itself."""

    title_zh, title_en = "运行", "Running"
