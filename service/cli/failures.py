"""What a command says when the machine is in its way: in Chinese, then in English, and what to do."""

import errno
import os
import pwd

from service.durable_files import FULL
from service.errors import Problem, ServiceUnavailable, StorageFailed, StorageFull

_FULL = (
    "磁盘已满：请用 df -h 查看是哪一块，清理或扩容后再试",
    "the disk is full: see with df -h which one, make room on it, then try again",
)
_OPERATORS: dict[type[Problem], tuple[str, str]] = {
    StorageFailed: (
        "数据库出了故障：请停止服务，检查磁盘，必要时恢复备份（docs/backup.md）",
        "the database has failed: stop the service, look at the disk, restore a backup if need be (docs/backup.en.md)",
    ),
    ServiceUnavailable: (
        "数据库正忙或连接已断：请稍后再试",
        "the database is busy, or the connection to it is lost: try again later",
    ),
}
"""Problems whose titles are for people with a phone."""


def problem_text(problem: Problem) -> str:
    """A problem, for those who run the machine."""
    if isinstance(problem, StorageFull):
        return _at(getattr(problem.__cause__, "filename", None), *_FULL)
    zh, en = _OPERATORS.get(type(problem), (problem.title_zh, problem.title_en))
    return f"{zh} / {en} {problem.detail}".rstrip()


def system_text(error: OSError) -> str:
    """An error of the system; one that was raised with a text of its own has that."""
    if error.errno is None:
        return str(error)
    return _at(error.filename, *_reason(error))


def _reason(error: OSError) -> tuple[str, str]:
    if error.errno in FULL:
        return _FULL
    if error.errno in (errno.EACCES, errno.EPERM):
        account = _account()
        return (
            f"没有权限：请让账号 {account} 能读写它和它所在的文件夹，或换一个位置",
            f"no permission: let the account {account} read and write it and its folder, or choose another place",
        )
    if error.errno == errno.EROFS:
        return (
            "磁盘是只读的：请换一个位置，或重新挂载",
            "the disk is read-only: choose another place, or mount it again",
        )
    if error.errno == errno.ENOENT:
        return "没有这个文件或文件夹：请核对路径", "there is no such file or folder: check the path"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return (
            "已有这个文件，或路径中有一段是文件：请换一个位置",
            "it exists, or a part of the path is a file: choose another",
        )
    if error.errno == errno.EISDIR:
        return "这是文件夹，应为文件：请核对路径", "it is a folder, and should be a file: check the path"
    return f"系统出错：{error.strerror}", f"the system failed: {error.strerror}"


def _account() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _at(place: object, zh: str, en: str) -> str:
    name = os.fsdecode(place) if isinstance(place, (str, bytes)) else ""
    return f"{name}: {zh} / {en}" if name else f"{zh} / {en}"
