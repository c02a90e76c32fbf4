"""Checks of the machine: versions, clock, space, and who may read the files."""

import ctypes
import os
import pyexpat
import resource
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from service.audit_log.checkpoint_file import NAME as CHECKPOINTS
from service.backup.manifest import KEYS
from service.config.settings import Settings
from service.monitoring.last_backup import read_last_backup

from .finding import Finding, fine

PYTHON_FIXED = {(3, 11): 10, (3, 12): 5}
"""The patch releases with the fixes for archives that overlap (CVE-2024-0450) and headers of mails (CVE-2024-6923);
later versions have them from the start."""
EXPAT_FIXED = (2, 6, 0)  # CVE-2023-52425: a large token takes quadratic time
BACKUP_DUE, BACKUP_OVERDUE = timedelta(hours=26), timedelta(hours=72)
GB = 2**30
OPEN_FILES = 4096
STA_UNSYNC = 0x40
OTHERS, ANYBODY = 0o077, 0o007
SETTINGS_FILE = Path("/etc/doorstep/doorstep.env")  # as in deploy/doorstep.service


def check_machine(settings: Settings) -> Iterator[Finding]:
    """All findings that need the settings and the machine."""
    yield _python()
    yield _expat()
    yield _zone(settings)
    yield _clock()
    yield _open_files()
    yield _account()
    yield from _settings_file(SETTINGS_FILE)
    yield from [*_not_ours(settings.data)] or _private(settings)
    yield from _space(settings)
    yield from _backup(settings)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[2] < PYTHON_FIXED.get(sys.version_info[:2], 0):
        least = f"{sys.version_info[0]}.{sys.version_info[1]}.{PYTHON_FIXED[sys.version_info[:2]]}"
        return Finding(
            "python",
            "should",
            f"Python {version} 缺少安全修补",
            f"Python {version} lacks security fixes",
            f"升级到 {least} 或更新（系统自带且已打补丁的不必）",
            f"upgrade to {least} or later (unless your distribution has patched it)",
        )
    return fine("python", f"Python {version}", f"Python {version}")


def _expat() -> Finding:
    version = pyexpat.version_info
    text = ".".join(map(str, version))
    if version < EXPAT_FIXED:
        return Finding(
            "expat",
            "should",
            f"XML 解析库 expat {text} 缺少安全修补（导入表格用）",
            f"the XML parser, expat {text}, lacks security fixes (it reads imported tables)",
            "升级 Python 或系统的 libexpat 到 2.6.0 或更新",
            "upgrade Python, or libexpat of the system, to 2.6.0 or later",
        )
    return fine("expat", f"expat {text}", f"expat {text}")


def _zone(settings: Settings) -> Finding:
    try:
        zone = ZoneInfo(settings.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return Finding(
            "time-zone",
            "must",
            f"系统没有时区数据：{settings.zone}",
            f"the system has no data of the time zone {settings.zone}",
            "安装 tzdata（系统软件包）",
            "install the package tzdata",
        )
    now = f"{datetime.now(zone):%Y-%m-%d %H:%M %z}"
    return fine("time-zone", f"{settings.zone}，现在 {now}", f"{settings.zone}, where it is {now}")


def _clock() -> Finding:
    """Linux says whether its clock is kept in step (adjtimex)."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(512)
        state = libc.adjtimex(buffer)
    except (OSError, AttributeError):  # another system
        return fine("clock", "本系统无法检查校时", "this system does not say whether its clock is kept in step")
    status = int.from_bytes(buffer.raw[40:44], sys.byteorder)
    if state < 0 or status & STA_UNSYNC:
        return Finding(
            "clock",
            "should",
            "系统时钟没有校时：动态码、上门码和时限都要准",
            "the system's clock is not kept in step; sign-in codes, door codes and due dates need it",
            "启用 chrony 或 systemd-timesyncd（内网用本单位的时间服务器）",
            "enable chrony or systemd-timesyncd (with your own time server in a closed network)",
        )
    return fine("clock", "系统时钟已校时", "the system's clock is kept in step")


def _open_files() -> Finding:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES:
        return Finding(
            "open-files",
            "should",
            f"最多打开 {hard} 个文件，连接数受限",
            f"at most {hard} open files, which limits connections",
            f"systemd 里设 LimitNOFILE={OPEN_FILES} 或更多",
            f"set LimitNOFILE={OPEN_FILES} or more in systemd",
        )
    return fine("open-files", "打开文件数足够", "enough open files")


def _account() -> Finding:
    if os.geteuid() == 0:
        return Finding(
            "account",
            "should",
            "以 root 运行",
            "it runs as root",
            "建一个专用账号（deploy/doorstep.service 里的 User=doorstep）",
            "make an account for it (User=doorstep in deploy/doorstep.service)",
        )
    return fine("account", "不是 root", "not root")


def _settings_file(path: Path) -> Iterator[Finding]:
    """Whether only those who should may read the settings, which have passwords."""
    try:
        open_to_all = path.stat().st_mode & ANYBODY
    except OSError:  # it is elsewhere, or not for us
        return
    if open_to_all:
        yield Finding(
            "settings-file",
            "must",
            f"所有账号都能读 {path}，其中有口令和密钥",
            f"every account may read {path}, which has passwords and keys",
            f"chown root:doorstep {path}，chmod 640 {path}",
            f"chown root:doorstep {path}, and chmod 640 {path}",
        )
    else:
        yield fine("settings-file", f"{path} 不对所有账号开放", f"{path} is closed to other accounts")


def _not_ours(data: Path) -> Iterator[Finding]:
    """The data folder, and the file in it that is only appended to, if its account may not use them."""
    for path, rights in ((data, os.R_OK | os.W_OK | os.X_OK), (data / CHECKPOINTS, os.R_OK | os.W_OK)):
        try:
            path.stat()
            usable = os.access(path, rights)
        except PermissionError:
            usable = False
        except OSError:  # it is not there (yet)
            continue
        if usable:
            continue
        name, zh, en = "data-folder", "", ""
        if path != data:
            name, zh, en = "checkpoints-file", "，日志不再签名", ": the log is not signed any more"
        yield Finding(
            name,
            "must",
            f"本账号不能读写 {path}{zh}",
            f"this account may not read and write {path}{en}",
            f"以服务的账号运行本命令；还是这样，就 chown -R doorstep:doorstep {data}，chmod u+rw {path}",
            f"run this as the service's account; if it stays, chown -R doorstep:doorstep {data}, and chmod u+rw {path}",
        )
        return


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # in a folder that is closed to us
        return False


def _private(settings: Settings) -> Iterator[Finding]:
    """Whether only its account may read the data folder and the files in it that hold secrets."""
    if not settings.data.is_dir():
        return
    names = ("doorstep.sqlite", "doorstep.sqlite-wal", "outbox.jsonl", KEYS, *_keys(settings))
    paths = [settings.data, *(settings.data / name for name in names)]
    open_to_others = [path for path in paths if path.exists() and path.stat().st_mode & OTHERS]
    if not open_to_others:
        yield fine("permissions", "数据文件夹只有本账号可读", "only its account may read the data folder")
        return
    shown = " ".join(map(str, open_to_others))
    closed = not settings.data.stat().st_mode & OTHERS  # nobody else gets at the files in it
    yield Finding(
        "permissions",
        "should" if closed else "must",
        f"其他账号可读：{shown}",
        f"other accounts may read: {shown}",
        f"chmod -R go= {settings.data}",
        f"chmod -R go= {settings.data}",
    )


def _keys(settings: Settings) -> list[str]:
    folder = settings.data / KEYS
    return [f"{KEYS}/{path.name}" for path in folder.iterdir()] if os.access(folder, os.R_OK | os.X_OK) else []


def _space(settings: Settings) -> Iterator[Finding]:
    place = settings.data.absolute()
    while not _exists(place):
        place = place.parent
    disk = shutil.disk_usage(place)
    free, percent = disk.free / GB, 100 * disk.free // disk.total
    zh, en = f"{place} 剩余 {free:.1f} GB（{percent} %）", f"{place} has {free:.1f} GB free ({percent} %)"
    if free >= 10 or percent >= 20:
        yield fine("space", zh, en)
        return
    grade = "must" if free < 2 else "should"
    yield Finding("space", grade, zh, en, "扩容或清理磁盘", "enlarge the disk or make room on it")


def _backup(settings: Settings) -> Iterator[Finding]:
    do_zh = "用 deploy/doorstep-backup.timer 每天备份（docs/backup.md）"
    do_en = "back up each day with deploy/doorstep-backup.timer (docs/backup.en.md)"
    try:
        last = read_last_backup(settings.data)
    except (OSError, msgspec.DecodeError):
        last = None
    if last is None:
        yield Finding("backup", "must", "还没有备份", "there is no backup yet", do_zh, do_en)
        return
    age = datetime.now(UTC) - last.ended_at
    when = f"{last.ended_at.astimezone():%Y-%m-%d %H:%M}"
    zh, en = f"最近一次备份 {when}，在 {last.backup}", f"the last backup is of {when}, in {last.backup}"
    if age > BACKUP_DUE:
        yield Finding("backup", "must" if age > BACKUP_OVERDUE else "should", zh, en, do_zh, do_en)
    elif not last.sound:
        yield Finding(
            "backup",
            "must",
            f"{zh}：校验有错",
            f"{en}: verifying it found faults",
            "查看其中的 manifest.json，并运行 doorstep verify",
            "look at its manifest.json, and run doorstep verify",
        )
    else:
        yield fine("backup", zh, en)
    yield from _backup_disk(settings, Path(last.backup))


def _backup_disk(settings: Settings, backup: Path) -> Iterator[Finding]:
    if not _exists(backup):
        yield Finding(
            "backup-place",
            "should",
            f"现在找不到 {backup}",
            f"{backup} is not there now",
            "确认备份盘已挂载，或备份已移到别处保存",
            "see that its disk is mounted, or that it was moved to a safe place",
        )
    elif backup.stat().st_dev == settings.data.stat().st_dev:
        yield Finding(
            "backup-place",
            "should",
            "备份与数据在同一块磁盘上：磁盘坏了就都没了",
            "the backup is on the same disk as the data, and would be lost with it",
            "备份到另一块磁盘或另一台机器",
            "back up to another disk or another machine",
        )
    else:
        yield fine("backup-place", "备份在另一块磁盘上", "the backup is on another disk")
