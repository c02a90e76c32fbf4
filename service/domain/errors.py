"""The catalogue of problems (RFC 9457): every error that a person or a client can cause.

A problem is a class; its docstring is its title, Chinese in the first line, English in the second.
Its `code` is the class name in kebab-case and never changes. Findings are not here: a breach of the
norm is data, never an error. (Over 300 lines: one catalogue, so that no code is given twice.)
"""

import re
from typing import Any, ClassVar

import msgspec


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong place in a body: JSON Pointer (RFC 6901), stable code, and what to do."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """请求未能处理
    The request could not be handled"""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "problem"
    title: ClassVar[dict[str, str]] = {}
    kept: ClassVar[bool] = False  # the bytes of a device are kept in quarantine when this is raised

    def __init__(self, detail: str = "", errors: tuple[Fault, ...] = (), **extra: Any) -> None:
        super().__init__(detail or self.code)
        self.detail, self.errors, self.extra = detail, errors, extra

    def __init_subclass__(cls) -> None:
        zh, en = (line.strip() for line in (cls.__doc__ or "").strip().splitlines()[:2])
        cls.title = {"zh": zh, "en": en}
        cls.code = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower()


class MalformedJson(Problem):
    """内容不是有效的 JSON，请检查后重发
    The body is not valid JSON; check it and send it again"""

    status, kept = 400, True


class InvalidBody(Problem):
    """内容不符合格式，请按所列位置改正
    The body does not have the right form; mend the places listed"""

    status, kept = 422, True


class InvalidQuery(Problem):
    """查询参数不正确，请改正后再查
    A query parameter is not valid; mend it and ask again"""

    status = 400


class IdMismatch(Problem):
    """地址中的编号与内容中的编号不一致
    The id in the address is not the id in the body"""

    status, kept = 422, True


class UnknownVisit(Problem):
    """没有这个上门任务，请核对编号
    There is no such visit; check its id"""

    status, kept = 404, True


class UnknownChecklist(Problem):
    """没有这个清单版本，请先更新清单
    There is no such checklist version; fetch the checklists first"""

    status, kept = 422, True


class NotYourVisit(Problem):
    """这不是您的上门任务
    This visit is not yours"""

    status, kept = 403, True


class TooManyEntries(Problem):
    """一次提交的条目太多，请分几次提交
    Too many entries in one record; send them in several records"""

    status, kept = 422, True


class LinkEnded(Problem):
    """这个链接已失效，请向供水公司索取新的
    This link has ended; ask the utility for a new one"""

    status = 410


class AppointmentChanged(Problem):
    """上门时间已经变了，请重新查看后再答复
    The time of the visit has changed; look again before you answer"""

    status = 409


class TooLate(Problem):
    """现在已不能这样答复，请打电话给供水公司
    It is too late for this answer; call the utility"""

    status = 409


class StatementChanged(Problem):
    """签认的内容已有变化，请重新核对后再签
    The statement has changed; read it again before you sign"""

    status = 409


class CodeNeeded(Problem):
    """请先输入短信验证码，再签字或补充情况
    Enter the code from the text message first, then sign or add something"""

    status = 403


class WrongCode(Problem):
    """验证码不对或已失效，请核对，或重新获取
    This code is wrong or has ended; check it, or ask for a new one"""

    status = 403


class CodeNotSent(Problem):
    """没有登记您的手机号，无法发送验证码，请联系供水公司
    There is no telephone number of yours to send a code to; contact the utility"""

    status = 409


class UnreadableSignature(Problem):
    """签名读不出来，请重新签写
    The signature cannot be read; draw it again"""

    status = 422


class NotNow(Problem):
    """只能在约定时间前后出示上门码
    The doorstep code is shown only around the time of the visit"""

    status = 409


class ContentDiffers(Problem):
    """这个编号已用于另一份内容，请换新编号
    This id was used for other content; take a new id"""

    status, kept = 409, True


class VisitCancelled(Problem):
    """上门任务已取消，不能再改
    The visit was cancelled and can no longer be changed"""

    status = 409


class VisitBegun(Problem):
    """工作已经开始，不能再取消；已经结束的，也不能再改时间。需要再去的，请另建后续任务
    Work has begun: it can no longer be cancelled, nor moved once it is over; plan a visit that follows instead"""

    status = 409


class PreconditionRequired(Problem):
    """修改前请先查看，并带上 If-Match
    Look at the visit first, and send its ETag as If-Match"""

    status = 428


class PreconditionFailed(Problem):
    """别人刚改过这个任务，请查看后再改
    Somebody else changed the visit; look again before you change it"""

    status = 412


class EntryChanged(Problem):
    """条目编号已用于另一内容，条目只能新增
    An entry id was used for other content; entries are only ever added"""

    status = 409


class NotFound(Problem):
    """没有找到
    Not found"""

    status = 404


class MethodNotAllowed(Problem):
    """这个地址不支持这种操作
    This address does not support this method"""

    status = 405


class NotSignedIn(Problem):
    """请先登录，或重新登记设备
    Sign in first, or enrol the device again"""

    status = 401


class NotAllowed(Problem):
    """您没有权限做这件事
    You may not do this"""

    status = 403


class UnknownPerson(Problem):
    """没有这个人员，请核对登录名
    There is no such person; check the login"""

    status = 422


class BodyTooLarge(Problem):
    """内容太大，请分几次提交
    The body is too large; send it in parts"""

    status = 413


class WrongMediaType(Problem):
    """内容类型不对，请按说明所列的类型发送
    Wrong media type; send one that the detail names"""

    status = 415


class DigestDiffers(Problem):
    """收到的文件与所报的摘要不一致，请重发
    The file is not the one that its digest names; send it again"""

    status = 422


class FileTooLarge(Problem):
    """文件太大，请缩小后再发
    The file is too large; make it smaller"""

    status = 413


class NotPhoto(Problem):
    """只收 JPEG、PNG 或 WEBP 照片
    Only JPEG, PNG and WEBP pictures are taken"""

    status = 415


class PhotoUnreadable(Problem):
    """照片打不开，请重拍
    The photo cannot be opened; take it again"""

    status = 422


class InvalidHeader(Problem):
    """请求头不正确，请按说明改正
    A header of the request is not valid; mend it as the detail says"""

    status = 400


class HeadersTooLarge(Problem):
    """请求头太大，请减少后再发
    The headers are too large; send less of them"""

    status = 431


class TooSlow(Problem):
    """内容没有及时发完，请在网络好时重发
    The request did not come in time; send it again when the network is better"""

    status = 408


class OffsetDiffers(Problem):
    """续传位置不对，请先查询已收到多少
    This is not where the upload goes on; ask first how much has come"""

    status = 409


class ChecksumDiffers(Problem):
    """这一段在传输中损坏，请重发这一段
    This part was damaged on its way; send it again"""

    status = 460


class TusVersion(Problem):
    """续传协议版本不对，请用 1.0.0
    Wrong version of the upload protocol; use 1.0.0"""

    status = 412


class AlreadyDecided(Problem):
    """这份隔离内容已处理
    This quarantined input was decided already"""

    status = 409


class DeviceRevoked(Problem):
    """此设备已停用：只保留未提交的记录，并交给主管
    This device was revoked: keep only unsent records, and give them to a supervisor"""

    status = 401


class SignInFailed(Problem):
    """登录名、密码或验证码不对
    Login, password or code is wrong"""

    status = 403


class SecondFactorNeeded(Problem):
    """还需要验证器的动态码；第一次登录请先绑定验证器
    A code of the authenticator is needed too; at the first login set it up first"""

    status = 403


class ForgeryRefused(Problem):
    """请求不是从本站页面发出的，请刷新页面后重试
    The request did not come from a page of this site; reload the page and try again"""

    status = 403


class UnknownCode(Problem):
    """这个一次性码无效、已用过或已过期，请索取新码
    This one-time code is unknown, used or too old; ask for a new one"""

    status = 404


class LoginTaken(Problem):
    """这个登录名已被使用，且不再分配
    This login was used, and is never used again"""

    status = 409


class TooManyDevices(Problem):
    """此人已有两台设备，请先停用一台
    This person has two devices; revoke one first"""

    status = 409


class SecondFactorKnown(Problem):
    """验证器已绑定；要更换请找管理员
    The authenticator is set up already; ask an administrator to have it replaced"""

    status = 409


class TooManyRequests(Problem):
    """次数过多，请保留内容，稍后再试
    Too many requests or tries; keep the content and come again later"""

    status = 429


class VisitFull(Problem):
    """这个任务的内容已达上限；内容请保留，并联系主管
    This visit holds as much as it may; keep the content, and tell a supervisor"""

    status, kept = 507, True


class QuarantineFull(Problem):
    """暂不能接收的内容太多，隔离区已满；请保留内容，稍后再发，并联系主管
    Too much waits in quarantine; keep the content, send it again later, and tell a supervisor"""

    status = 507


class DayFull(Problem):
    """一天内提交的内容太多；请保留内容，稍后再发
    Too much was sent within a day; keep the content and send it again later"""

    status = 429


class PhotosUnnamed(Problem):
    """没有写进记录的照片太多；请先提交写有这些照片的记录，再发照片
    Too many photos are named by no record; submit the records that name them, then send more photos"""

    status = 429


class StorageFull(Problem):
    """磁盘已满，暂时不能保存；请保留内容，稍后再发
    The disk is full; keep the content and send it again later"""

    status = 507


class StorageFailed(Problem):
    """数据库出了故障，暂时不能保存；请保留内容，稍后再发
    The database has failed and nothing can be kept now; keep the content and send it again later"""

    status = 503


class Busy(Problem):
    """系统繁忙，请保留内容，稍后再发
    Busy; keep the content and send it again later"""

    status = 503


class Defect(Problem):
    """系统故障，已记录；内容请保留，稍后再发
    A defect, which was logged; keep the content and send it again later"""

    status = 500


def pointer(*steps: object) -> str:
    """A JSON Pointer (RFC 6901) of names and numbers."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def catalogue() -> list[type[Problem]]:
    """All problems, by code."""
    return sorted(Problem.__subclasses__(), key=lambda problem: problem.code)
