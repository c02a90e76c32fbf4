"""Checks of the keys outside the database: they are there, the database's own, and kept elsewhere, too."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from service.backup.manifest import KEYS
from service.config.settings import Settings
from service.context import AppContext
from service.keys import Keys, KeyUnusable, Purpose, read_log_key

from .finding import Finding, fine
from .settings_checks import LOCAL_HOSTS

PURPOSES: tuple[Purpose, ...] = ("sealing", "log")
NO_HOSTS = (".invalid", ".example", ".localhost")


async def check_keys(settings: Settings, ctx: AppContext | None) -> list[Finding]:
    """All findings about the keys; without an open database it is not known which it was written with."""
    keys = Keys(settings.data / KEYS, sealing=settings.sealing_key, log=settings.log_key)
    missing: list[Purpose] = []
    findings: list[Finding] = []
    for purpose in PURPOSES:
        try:
            if not await keys.is_there(ctx.db if ctx else None, purpose):
                missing.append(purpose)
        except KeyUnusable as error:
            place = keys.place(purpose)
            zh, _, en = str(error).partition(" / ")
            findings.append(
                Finding(
                    f"{purpose}-key",
                    "must",
                    zh if zh.startswith(place) else f"{place}: {zh}",
                    f"{place}: {en}",
                    "密钥不对或缺失时服务不启动；见 docs/sign-in.md",
                    "without the right keys the service does not start; see docs/sign-in.en.md",
                )
            )
    if missing:
        findings.append(_not_made(settings, missing, known=ctx is not None))
    elif not findings:
        findings += [*_kept_elsewhere(settings), _log_name(settings, keys)]
    return findings


def _not_made(settings: Settings, missing: list[Purpose], *, known: bool) -> Finding:
    folder = settings.data / KEYS
    zh = en = ""
    if not known:
        zh = f"如果已有数据库（恢复，或另一台服务器），先把原来的 {KEYS}/ 复制到 {folder}；否则"
        en = f"if there is a database already (a restore, another server), copy its {KEYS}/ to {folder} first; else "
    return Finding(
        "keys",
        "should",
        f"还没有密钥：{'、'.join(missing)}（第一次启动时生成）",
        f"keys are not there yet: {', '.join(missing)} (the first start makes them)",
        f"{zh}启动一次，然后把 {folder} 另存一份到别处：备份里没有它",
        f"{en}start once, then keep a copy of {folder} elsewhere: backups do not have it",
    )


def _kept_elsewhere(settings: Settings) -> list[Finding]:
    """Where copies have to be kept: no program sees whether they are."""
    in_files = [name for name, given in (("sealing", settings.sealing_key), ("log", settings.log_key)) if not given]
    place_zh = place_en = str(settings.data / KEYS)
    if not in_files:
        place_zh, place_en = "设置文件（密钥在其中）", "the keys in the settings"
    return [
        Finding(
            "keys",
            "hint",
            "密钥齐全；备份里没有它们，丢了就打不开封存的内容，也不能再签名",
            "all keys are there; backups do not have them, and without them nothing sealed can be opened, or signed",
            f"确认 {place_zh} 另存了一份，放在备份以外的地方（docs/sign-in.md）",
            f"see that a copy of {place_en} is kept, apart from the backups (docs/sign-in.en.md)",
        )
    ]


def _log_name(settings: Settings, keys: Keys) -> Finding:
    """Whether the log has the name of the public address: its key was perhaps made before that was set."""
    keys.load()
    name, _ = read_log_key(keys.log)
    host, public = urlsplit(f"//{name}").hostname or "", urlsplit(settings.url).hostname
    if public not in (None, host) and (_is_address(host) or host in LOCAL_HOSTS or host.endswith(NO_HOSTS)):
        return Finding(
            "log-name",
            "should",
            f"日志的名称是 {name}，不是对外地址：密钥是在设置 DOORSTEP_URL 之前生成的",
            f"the log is named {name}, and not after the public address: its key was made before DOORSTEP_URL was set",
            f"上线前停下服务，运行 doorstep keys new-log --name {settings.log_name}",
            f"before you go live stop the service and run doorstep keys new-log --name {settings.log_name}",
        )
    return fine("log-name", f"日志名称 {name}", f"the log is named {name}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
