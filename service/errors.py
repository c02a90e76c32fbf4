"""The catalogue of problems (RFC 9457): every error that a person or a client can cause.

A problem is a class with a status, a `code` that never changes, and a title in Chinese and in English.
Findings are not here: a breach of the norm is data, never an error.
"""

from typing import Annotated, Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong place in a body: JSON Pointer (RFC 6901), stable code, and what to do."""

    pointer: Annotated[str, msgspec.Meta(description="JSON Pointer (RFC 6901).")]
    code: Annotated[str, msgspec.Meta(description="Stable.")]
    detail: Annotated[str, msgspec.Meta(description="What to do.")]


class Problem(Exception):
    """What a person or a client did that cannot be done. Subclasses say which; their `code` never changes."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "problem"
    title_zh: ClassVar[str] = "请求未能处理"
    title_en: ClassVar[str] = "The request could not be handled"
    quarantines_input: ClassVar[bool] = False  # the bytes of a device are kept in quarantine when this is raised

    def __init__(self, detail: str = "", errors: tuple[FieldError, ...] = (), **extra: Any) -> None:
        super().__init__(detail or self.code)
        self.detail, self.errors, self.extra = detail, errors, extra


class MalformedJson(Problem):
    """The body is not valid JSON; check it and send it again."""

    code = "malformed-json"
    title_zh = "内容不是有效的 JSON，请检查后重发"
    title_en = "The body is not valid JSON; check it and send it again"
    status, quarantines_input = 400, True


class InvalidBody(Problem):
    """The body does not have the right form; mend the places listed."""

    code = "invalid-body"
    title_zh = "内容不符合格式，请按所列位置改正"
    title_en = "The body does not have the right form; mend the places listed"
    status, quarantines_input = 422, True


class InvalidQuery(Problem):
    """A query parameter is not valid; mend it and ask again."""

    code = "invalid-query"
    title_zh = "查询参数不正确，请改正后再查"
    title_en = "A query parameter is not valid; mend it and ask again"
    status = 400


class IdMismatch(Problem):
    """The id in the address is not the id in the body."""

    code = "id-mismatch"
    title_zh = "地址中的编号与内容中的编号不一致"
    title_en = "The id in the address is not the id in the body"
    status, quarantines_input = 422, True


class UnknownVisit(Problem):
    """There is no such visit; check its id."""

    code = "unknown-visit"
    title_zh = "没有这个上门任务，请核对编号"
    title_en = "There is no such visit; check its id"
    status, quarantines_input = 404, True


class UnknownChecklist(Problem):
    """There is no such checklist version; fetch the checklists first."""

    code = "unknown-checklist"
    title_zh = "没有这个清单版本，请先更新清单"
    title_en = "There is no such checklist version; fetch the checklists first"
    status, quarantines_input = 422, True


class NotYourVisit(Problem):
    """This visit is not yours."""

    code = "not-your-visit"
    title_zh = "这不是您的上门任务"
    title_en = "This visit is not yours"
    status, quarantines_input = 403, True


class TooManyEntries(Problem):
    """Too many entries in one record; send them in several records."""

    code = "too-many-entries"
    title_zh = "一次提交的条目太多，请分几次提交"
    title_en = "Too many entries in one record; send them in several records"
    status, quarantines_input = 422, True


class OwnVisit(Problem):
    """Nobody reviews a visit that they were on; ask a colleague."""

    code = "own-visit"
    title_zh = "不能审核自己参加的上门任务，请由同事审核"
    title_en = "Nobody reviews a visit that they were on; ask a colleague"
    status = 403


class FindingChanged(Problem):
    """A finding is not there any more; look at the visit again."""

    code = "finding-changed"
    title_zh = "该问题已有变化，请重新查看后再处理"
    title_en = "A finding is not there any more; look at the visit again"
    status = 409


class NothingToReview(Problem):
    """Nothing was done on this visit yet, and nothing calls for a person."""

    code = "nothing-to-review"
    title_zh = "这个上门任务还没有可审核的内容"
    title_en = "Nothing was done on this visit yet, and nothing calls for a person"
    status = 409


class NotCorrectable(Problem):
    """Adding to these items cannot mend them; decide the findings instead."""

    code = "not-correctable"
    title_zh = "所列事项补充也无法更正，请直接作出处理"
    title_en = "Adding to these items cannot mend them; decide the findings instead"
    status = 422


class LinkExpired(Problem):
    """This link has ended; ask the utility for a new one."""

    code = "link-ended"
    title_zh = "这个链接已失效，请向供水公司索取新的"
    title_en = "This link has ended; ask the utility for a new one"
    status = 410


class AppointmentChanged(Problem):
    """The time of the visit has changed; look again before you answer."""

    code = "appointment-changed"
    title_zh = "上门时间已经变了，请重新查看后再答复"
    title_en = "The time of the visit has changed; look again before you answer"
    status = 409


class AnswerDeadlinePassed(Problem):
    """It is too late for this answer; call the utility."""

    code = "too-late"
    title_zh = "现在已不能这样答复，请打电话给供水公司"
    title_en = "It is too late for this answer; call the utility"
    status = 409


class StatementChanged(Problem):
    """The statement has changed; read it again before you sign."""

    code = "statement-changed"
    title_zh = "签认的内容已有变化，请重新核对后再签"
    title_en = "The statement has changed; read it again before you sign"
    status = 409


class OtpRequired(Problem):
    """Enter the code from the text message first, then sign or add something."""

    code = "code-needed"
    title_zh = "请先输入短信验证码，再签字或补充情况"
    title_en = "Enter the code from the text message first, then sign or add something"
    status = 403


class InvalidOtp(Problem):
    """This code is wrong or has ended; check it, or ask for a new one."""

    code = "wrong-code"
    title_zh = "验证码不对或已失效，请核对，或重新获取"
    title_en = "This code is wrong or has ended; check it, or ask for a new one"
    status = 403


class NoPhoneNumber(Problem):
    """There is no telephone number of yours to send a code to; contact the utility."""

    code = "code-not-sent"
    title_zh = "没有登记您的手机号，无法发送验证码，请联系供水公司"
    title_en = "There is no telephone number of yours to send a code to; contact the utility"
    status = 409


class UnreadableSignature(Problem):
    """The signature cannot be read; draw it again."""

    code = "unreadable-signature"
    title_zh = "签名读不出来，请重新签写"
    title_en = "The signature cannot be read; draw it again"
    status = 422


class OutsideDoorCodeWindow(Problem):
    """The doorstep code is shown only around the time of the visit."""

    code = "not-now"
    title_zh = "只能在约定时间前后出示上门码"
    title_en = "The doorstep code is shown only around the time of the visit"
    status = 409


class IdReusedWithOtherContent(Problem):
    """This id was used for other content; take a new id."""

    code = "content-differs"
    title_zh = "这个编号已用于另一份内容，请换新编号"
    title_en = "This id was used for other content; take a new id"
    status, quarantines_input = 409, True


class VisitCancelled(Problem):
    """The visit was cancelled and can no longer be changed."""

    code = "visit-cancelled"
    title_zh = "上门任务已取消，不能再改"
    title_en = "The visit was cancelled and can no longer be changed"
    status = 409


class VisitAlreadyStarted(Problem):
    """Work has begun: it can no longer be cancelled, nor moved once it is over; plan a visit that follows instead."""

    code = "visit-begun"
    title_zh = "工作已经开始，不能再取消；已经结束的，也不能再改时间。需要再去的，请另建后续任务"
    title_en = (
        "Work has begun: it can no longer be cancelled, nor moved once it is over; plan a visit that follows instead"
    )
    status = 409


class PreconditionRequired(Problem):
    """Look at the visit first, and send its ETag as If-Match."""

    code = "precondition-required"
    title_zh = "修改前请先查看，并带上 If-Match"
    title_en = "Look at the visit first, and send its ETag as If-Match"
    status = 428


class PreconditionFailed(Problem):
    """Somebody else changed the visit; look again before you change it."""

    code = "precondition-failed"
    title_zh = "别人刚改过这个任务，请查看后再改"
    title_en = "Somebody else changed the visit; look again before you change it"
    status = 412


class EntryIdReused(Problem):
    """An entry id was used for other content; entries are only ever added."""

    code = "entry-changed"
    title_zh = "条目编号已用于另一内容，条目只能新增"
    title_en = "An entry id was used for other content; entries are only ever added"
    status = 409


class NotFound(Problem):
    """Not found."""

    code = "not-found"
    title_zh = "没有找到"
    title_en = "Not found"
    status = 404


class MethodNotAllowed(Problem):
    """This address does not support this method."""

    code = "method-not-allowed"
    title_zh = "这个地址不支持这种操作"
    title_en = "This address does not support this method"
    status = 405


class NotAuthenticated(Problem):
    """Sign in first, or enrol the device again."""

    code = "not-signed-in"
    title_zh = "请先登录，或重新登记设备"
    title_en = "Sign in first, or enrol the device again"
    status = 401


class PermissionDenied(Problem):
    """You may not do this."""

    code = "not-allowed"
    title_zh = "您没有权限做这件事"
    title_en = "You may not do this"
    status = 403


class UnknownPerson(Problem):
    """There is no such person; check the login."""

    code = "unknown-person"
    title_zh = "没有这个人员，请核对登录名"
    title_en = "There is no such person; check the login"
    status = 422


class BodyTooLarge(Problem):
    """The body is too large; send it in parts."""

    code = "body-too-large"
    title_zh = "内容太大，请分几次提交"
    title_en = "The body is too large; send it in parts"
    status = 413


class WrongMediaType(Problem):
    """Wrong media type; send one that the detail names."""

    code = "wrong-media-type"
    title_zh = "内容类型不对，请按说明所列的类型发送"
    title_en = "Wrong media type; send one that the detail names"
    status = 415


class DigestMismatch(Problem):
    """The file is not the one that its digest names; send it again."""

    code = "digest-differs"
    title_zh = "收到的文件与所报的摘要不一致，请重发"
    title_en = "The file is not the one that its digest names; send it again"
    status = 422


class FileTooLarge(Problem):
    """The file is too large; make it smaller."""

    code = "file-too-large"
    title_zh = "文件太大，请缩小后再发"
    title_en = "The file is too large; make it smaller"
    status = 413


class UnsupportedImageType(Problem):
    """Only JPEG, PNG and WEBP pictures are taken."""

    code = "not-photo"
    title_zh = "只收 JPEG、PNG 或 WEBP 照片"
    title_en = "Only JPEG, PNG and WEBP pictures are taken"
    status = 415


class UnreadableImage(Problem):
    """The photo cannot be opened; take it again."""

    code = "photo-unreadable"
    title_zh = "照片打不开，请重拍"
    title_en = "The photo cannot be opened; take it again"
    status = 422


class InvalidHeader(Problem):
    """A header of the request is not valid; mend it as the detail says."""

    code = "invalid-header"
    title_zh = "请求头不正确，请按说明改正"
    title_en = "A header of the request is not valid; mend it as the detail says"
    status = 400


class HeadersTooLarge(Problem):
    """The headers are too large; send less of them."""

    code = "headers-too-large"
    title_zh = "请求头太大，请减少后再发"
    title_en = "The headers are too large; send less of them"
    status = 431


class TooSlow(Problem):
    """The request did not come in time; send it again when the network is better."""

    code = "too-slow"
    title_zh = "内容没有及时发完，请在网络好时重发"
    title_en = "The request did not come in time; send it again when the network is better"
    status = 408


class UploadOffsetMismatch(Problem):
    """This is not where the upload goes on; ask first how much has come."""

    code = "offset-differs"
    title_zh = "续传位置不对，请先查询已收到多少"
    title_en = "This is not where the upload goes on; ask first how much has come"
    status = 409


class ChecksumMismatch(Problem):
    """This part was damaged on its way; send it again."""

    code = "checksum-differs"
    title_zh = "这一段在传输中损坏，请重发这一段"
    title_en = "This part was damaged on its way; send it again"
    status = 460


class TusVersion(Problem):
    """Wrong version of the upload protocol; use 1.0.0."""

    code = "tus-version"
    title_zh = "续传协议版本不对，请用 1.0.0"
    title_en = "Wrong version of the upload protocol; use 1.0.0"
    status = 412


class AlreadyDecided(Problem):
    """This quarantined input was decided already."""

    code = "already-decided"
    title_zh = "这份隔离内容已处理"
    title_en = "This quarantined input was decided already"
    status = 409


class DeviceRevoked(Problem):
    """This device was revoked: keep only unsent records, and give them to a supervisor."""

    code = "device-revoked"
    title_zh = "此设备已停用：只保留未提交的记录，并交给主管"
    title_en = "This device was revoked: keep only unsent records, and give them to a supervisor"
    status = 401


class InvalidCredentials(Problem):
    """Login, password or code is wrong."""

    code = "sign-in-failed"
    title_zh = "登录名、密码或验证码不对"
    title_en = "Login, password or code is wrong"
    status = 403


class TotpRequired(Problem):
    """A code of the authenticator is needed too; at the first login set it up first."""

    code = "second-factor-needed"
    title_zh = "还需要验证器的动态码；第一次登录请先绑定验证器"
    title_en = "A code of the authenticator is needed too; at the first login set it up first"
    status = 403


class CrossOriginRejected(Problem):
    """The request did not come from a page of this site; reload the page and try again."""

    code = "forgery-refused"
    title_zh = "请求不是从本站页面发出的，请刷新页面后重试"
    title_en = "The request did not come from a page of this site; reload the page and try again"
    status = 403


class InvalidOneTimeCode(Problem):
    """This one-time code is unknown, used or too old; ask for a new one."""

    code = "unknown-code"
    title_zh = "这个一次性码无效、已用过或已过期，请索取新码"
    title_en = "This one-time code is unknown, used or too old; ask for a new one"
    status = 404


class LoginTaken(Problem):
    """This login was used, and is never used again."""

    code = "login-taken"
    title_zh = "这个登录名已被使用，且不再分配"
    title_en = "This login was used, and is never used again"
    status = 409


class TooManyDevices(Problem):
    """This person has two devices; revoke one first."""

    code = "too-many-devices"
    title_zh = "此人已有两台设备，请先停用一台"
    title_en = "This person has two devices; revoke one first"
    status = 409


class TotpAlreadySetUp(Problem):
    """The authenticator is set up already; ask an administrator to have it replaced."""

    code = "second-factor-known"
    title_zh = "验证器已绑定；要更换请找管理员"
    title_en = "The authenticator is set up already; ask an administrator to have it replaced"
    status = 409


class TooManyRequests(Problem):
    """Too many requests or tries; keep the content and come again later."""

    code = "too-many-requests"
    title_zh = "次数过多，请保留内容，稍后再试"
    title_en = "Too many requests or tries; keep the content and come again later"
    status = 429


class VisitFull(Problem):
    """This visit holds as much as it may; keep the content, and tell a supervisor."""

    code = "visit-full"
    title_zh = "这个任务的内容已达上限；内容请保留，并联系主管"
    title_en = "This visit holds as much as it may; keep the content, and tell a supervisor"
    status, quarantines_input = 507, True


class QuarantineFull(Problem):
    """Too much waits in quarantine; keep the content, send it again later, and tell a supervisor."""

    code = "quarantine-full"
    title_zh = "暂不能接收的内容太多，隔离区已满；请保留内容，稍后再发，并联系主管"
    title_en = "Too much waits in quarantine; keep the content, send it again later, and tell a supervisor"
    status = 507


class DayFull(Problem):
    """Too much was sent within a day; keep the content and send it again later."""

    code = "day-full"
    title_zh = "一天内提交的内容太多；请保留内容，稍后再发"
    title_en = "Too much was sent within a day; keep the content and send it again later"
    status = 429


class PhotosUnnamed(Problem):
    """Too many photos are named by no record; submit the records that name them, then send more photos."""

    code = "photos-unnamed"
    title_zh = "没有写进记录的照片太多；请先提交写有这些照片的记录，再发照片"
    title_en = "Too many photos are named by no record; submit the records that name them, then send more photos"
    status = 429


class StorageFull(Problem):
    """The disk is full; keep the content and send it again later."""

    code = "storage-full"
    title_zh = "磁盘已满，暂时不能保存；请保留内容，稍后再发"
    title_en = "The disk is full; keep the content and send it again later"
    status = 507


class StorageFailed(Problem):
    """The database has failed and nothing can be kept now; keep the content and send it again later."""

    code = "storage-failed"
    title_zh = "数据库出了故障，暂时不能保存；请保留内容，稍后再发"
    title_en = "The database has failed and nothing can be kept now; keep the content and send it again later"
    status = 503


class ServiceUnavailable(Problem):
    """Busy; keep the content and send it again later."""

    code = "busy"
    title_zh = "系统繁忙，请保留内容，稍后再发"
    title_en = "Busy; keep the content and send it again later"
    status = 503


class InternalError(Problem):
    """A defect, which was logged; keep the content and send it again later."""

    code = "defect"
    title_zh = "系统故障，已记录；内容请保留，稍后再发"
    title_en = "A defect, which was logged; keep the content and send it again later"
    status = 500


def json_pointer(*steps: object) -> str:
    """A JSON Pointer (RFC 6901) of names and numbers."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def all_problems() -> list[type[Problem]]:
    """All problems, by code."""
    return sorted(Problem.__subclasses__(), key=lambda problem: problem.code)
