"""The problems (RFC 9457): every error that a person or a client can cause.

A problem is a class with a status, a `code` that never changes, and a title in Chinese and in English.
Findings are not here: a breach of the norm is data, not an error.
"""

from typing import Annotated, Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong place in a body: JSON Pointer (RFC 6901), stable code, and what to do."""

    pointer: Annotated[str, msgspec.Meta(description="JSON Pointer (RFC 6901).")]
    code: Annotated[str, msgspec.Meta(description="Stable.")]
    detail: Annotated[str, msgspec.Meta(description="What to do.")]


class Problem(Exception):
    """An error that a person or a client caused."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "problem"
    title_zh: ClassVar[str] = "请求未能处理"
    title_en: ClassVar[str] = "The request could not be handled"
    quarantines_input: ClassVar[bool] = False  # whether the rejected bytes of a device are kept in quarantine

    def __init__(self, detail: str = "", errors: tuple[FieldError, ...] = (), **extra: Any) -> None:
        super().__init__(detail or self.code)
        self.detail, self.errors, self.extra = detail, errors, extra


class MalformedJson(Problem):
    code, status, quarantines_input = "malformed-json", 400, True
    title_zh = "内容不是有效的 JSON，请检查后重发"
    title_en = "The body is not valid JSON; check it and send it again"


class InvalidBody(Problem):
    code, status, quarantines_input = "invalid-body", 422, True
    title_zh = "内容不符合格式，请按所列位置改正"
    title_en = "The body does not have the right form; mend the places listed"


class InvalidQuery(Problem):
    code, status = "invalid-query", 400
    title_zh = "查询参数不正确，请改正后再查"
    title_en = "A query parameter is not valid; mend it and ask again"


class IdMismatch(Problem):
    code, status, quarantines_input = "id-mismatch", 422, True
    title_zh = "地址中的编号与内容中的编号不一致"
    title_en = "The id in the address is not the id in the body"


class UnknownVisit(Problem):
    code, status, quarantines_input = "unknown-visit", 404, True
    title_zh = "没有这个上门任务，请核对编号"
    title_en = "There is no such visit; check its id"


class UnknownChecklist(Problem):
    code, status, quarantines_input = "unknown-checklist", 422, True
    title_zh = "没有这个清单版本，请先更新清单"
    title_en = "There is no such checklist version; fetch the checklists first"


class NotYourVisit(Problem):
    code, status, quarantines_input = "not-your-visit", 403, True
    title_zh = "这不是您的上门任务"
    title_en = "This visit is not yours"


class TooManyEntries(Problem):
    code, status, quarantines_input = "too-many-entries", 422, True
    title_zh = "一次提交的条目太多，请分几次提交"
    title_en = "Too many entries in one record; send them in several records"


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
    code, status = "link-ended", 410
    title_zh = "这个链接已失效，请向供水公司索取新的"
    title_en = "This link has ended; ask the utility for a new one"
    visit_cancelled = replaced = False  # only pages say so


class Erased(Problem):
    code, status = "erased", 410
    title_zh = "相关资料已按规定删除，不再保留"
    title_en = "These data were erased, as the law demands, and are not kept any more"


class Held(Problem):
    code, status = "held", 409
    title_zh = "这次上门或它的户号已被依法保全，保全解除前不能删除"
    title_en = "This visit or its account is under a legal hold; it cannot be erased before the hold ends"


class StillHere(Problem):
    code, status = "still-here", 409
    title_zh = "这个人还没有离职，请先办理离职"
    title_en = "This person has not left; record their departure first"


class AppointmentChanged(Problem):
    code, status = "appointment-changed", 409
    title_zh = "上门时间已经变了，请重新查看后再答复"
    title_en = "The time of the visit has changed; look again before you answer"


class AnswerDeadlinePassed(Problem):
    code, status = "too-late", 409
    title_zh = "现在已不能这样答复，请打电话给供水公司"
    title_en = "It is too late for this answer; call the utility"


class StatementChanged(Problem):
    code, status = "statement-changed", 409
    title_zh = "签认的内容已有变化，请重新核对后再签"
    title_en = "The statement has changed; read it again before you sign"


class OtpRequired(Problem):
    code, status = "code-needed", 403
    title_zh = "请先输入短信验证码，再签字或补充情况"
    title_en = "Enter the code from the text message first, then sign or add something"


class InvalidOtp(Problem):
    code, status = "wrong-code", 403
    title_zh = "验证码不对或已失效，请输入最后收到的一条，或重新获取"
    title_en = "This code is wrong or has ended; enter the one of the last message, or ask for a new one"


class NoPhoneNumber(Problem):
    code, status = "code-not-sent", 409
    title_zh = "没有登记您的手机号，无法发送验证码，请联系供水公司"
    title_en = "There is no telephone number of yours to send a code to; contact the utility"


class UnreadableSignature(Problem):
    code, status = "unreadable-signature", 422
    title_zh = "签名读不出来，请重新签写"
    title_en = "The signature cannot be read; draw it again"


class OutsideDoorCodeWindow(Problem):
    code, status = "not-now", 409
    title_zh = "只能在约定时间前后出示上门码"
    title_en = "The doorstep code is shown only around the time of the visit"


class IdReusedWithOtherContent(Problem):
    code, status, quarantines_input = "content-differs", 409, True
    title_zh = "这个编号已用于另一份内容，请换新编号"
    title_en = "This id was used for other content; take a new id"


class VisitCancelled(Problem):
    code, status = "visit-cancelled", 409
    title_zh = "上门任务已取消，不能再改"
    title_en = "The visit was cancelled and can no longer be changed"


class VisitAlreadyStarted(Problem):
    code, status = "visit-begun", 409
    title_zh = "工作已经开始，不能再取消；已经结束的，也不能再改时间。需要再去的，请另建后续任务"
    title_en = (
        "Work has begun: it can no longer be cancelled, nor moved once it is over; plan a visit that follows instead"
    )


class DepartureNotNow(Problem):
    code, status = "departure-not-now", 409
    title_zh = "现在不用报出发：已经到场，或离约定的时间还早，或已经结束"
    title_en = "No departure is recorded now: the visit has begun, is far away or is over"


class NoticeTooLate(Problem):
    code, status = "notice-too-late", 409
    title_zh = "约定的时间已过，或工作已经开始，不能再发上门通知"
    title_en = "The time of the visit is over, or work has begun: it can no longer be announced"


class NoticeTooEarly(Problem):
    code, status = "notice-too-early", 409
    title_zh = "约定的时间在 400 天以后，请先核对年份"
    title_en = "The time of the visit is more than 400 days away; look at its year first"


class NoticeTooLong(Problem):
    code, status = "notice-too-long", 422
    title_zh = "通知太长，请先缩短工作内容、地点或文字"
    title_en = "The message is too long; shorten the work, the place or the text first"


class NoticeNotDue(Problem):
    code, status = "notice-not-due", 409
    title_zh = "这次上门已通知客户，或不需要通知"
    title_en = "The customer was notified of this visit already, or need not be"


class NoRecipient(Problem):
    code, status = "no-recipient", 422
    title_zh = "没有能拨通的客户电话，无法发送通知"
    title_en = "There is no telephone number of the customer that a notice can be sent to"


class PreconditionRequired(Problem):
    code, status = "precondition-required", 428
    title_zh = "修改前请先查看，并带上 If-Match"
    title_en = "Look at the visit first, and send its ETag as If-Match"


class PreconditionFailed(Problem):
    code, status = "precondition-failed", 412
    title_zh = "别人刚改过这个任务，请查看后再改"
    title_en = "Somebody else changed the visit; look again before you change it"


class EntryIdReused(Problem):
    code, status = "entry-changed", 409
    title_zh = "条目编号已用于另一内容，条目只能新增"
    title_en = "An entry id was used for other content; entries are only ever added"


class NotFound(Problem):
    code, status = "not-found", 404
    title_zh = "没有找到"
    title_en = "Not found"


class MethodNotAllowed(Problem):
    code, status = "method-not-allowed", 405
    title_zh = "这个地址不支持这种操作"
    title_en = "This address does not support this method"


class NotAuthenticated(Problem):
    code, status = "not-signed-in", 401
    title_zh = "请先登录，或重新登记设备"
    title_en = "Sign in first, or enrol the device again"


class PermissionDenied(Problem):
    code, status = "not-allowed", 403
    title_zh = "您没有权限做这件事"
    title_en = "You may not do this"


class UnknownPerson(Problem):
    code, status = "unknown-person", 422
    title_zh = "没有这个人员，请核对登录名"
    title_en = "There is no such person; check the login"


class BodyTooLarge(Problem):
    code, status = "body-too-large", 413
    title_zh = "内容太大，请分几次提交"
    title_en = "The body is too large; send it in parts"


class WrongMediaType(Problem):
    code, status = "wrong-media-type", 415
    title_zh = "内容类型不对，请按说明所列的类型发送"
    title_en = "Wrong media type; send one that the detail names"


class DigestMismatch(Problem):
    code, status = "digest-differs", 422
    title_zh = "收到的文件与所报的摘要不一致，请重发"
    title_en = "The file is not the one that its digest names; send it again"


class FileTooLarge(Problem):
    code, status = "file-too-large", 413
    title_zh = "文件太大，请缩小后再发"
    title_en = "The file is too large; make it smaller"


class UnsupportedImageType(Problem):
    code, status = "not-photo", 415
    title_zh = "只收 JPEG、PNG 或 WEBP 照片"
    title_en = "Only JPEG, PNG and WEBP pictures are taken"


class UnreadableImage(Problem):
    code, status = "photo-unreadable", 422
    title_zh = "照片打不开，请重拍"
    title_en = "The photo cannot be opened; take it again"


class InvalidHeader(Problem):
    code, status = "invalid-header", 400
    title_zh = "请求头不正确，请按说明改正"
    title_en = "A header of the request is not valid; mend it as the detail says"


class HeadersTooLarge(Problem):
    code, status = "headers-too-large", 431
    title_zh = "请求头太大，请减少后再发"
    title_en = "The headers are too large; send less of them"


class TooSlow(Problem):
    code, status = "too-slow", 408
    title_zh = "内容没有及时发完，请在网络好时重发"
    title_en = "The request did not come in time; send it again when the network is better"


class UploadOffsetMismatch(Problem):
    code, status = "offset-differs", 409
    title_zh = "续传位置不对，请先查询已收到多少"
    title_en = "This is not where the upload goes on; ask first how much has come"


class ChecksumMismatch(Problem):
    code, status = "checksum-differs", 460
    title_zh = "这一段在传输中损坏，请重发这一段"
    title_en = "This part was damaged on its way; send it again"


class TusVersion(Problem):
    code, status = "tus-version", 412
    title_zh = "续传协议版本不对，请用 1.0.0"
    title_en = "Wrong version of the upload protocol; use 1.0.0"


class AlreadyDecided(Problem):
    code, status = "already-decided", 409
    title_zh = "这份隔离内容已处理"
    title_en = "This quarantined input was decided already"


class DeviceRevoked(Problem):
    code, status = "device-revoked", 401
    title_zh = "此设备已停用：只保留未提交的记录，并交给主管"
    title_en = "This device was revoked: keep only unsent records, and give them to a supervisor"


class NotASession(Problem):
    code, status = "not-a-session", 409
    title_zh = "这是脚本或手机的令牌，不是浏览器的登录，没有结束；结束令牌用 DELETE /v1/me/tokens/{id}"
    title_en = "This token of a script or phone is no session and goes on; DELETE /v1/me/tokens/{id} ends tokens"


class ProviderUnavailable(Problem):
    code, status = "provider-unavailable", 502
    title_zh = "统一登录现在用不了，请过一会儿再试，或用密码登录"
    title_en = "Signing in elsewhere does not work now; try again later, or use the password"


class SignInAgain(Problem):
    code, status = "sign-in-again", 403
    title_zh = "这一步请先重新登录，证明是您本人"
    title_en = "Sign in again first, to prove that it is you"


class InvalidCredentials(Problem):
    code, status = "sign-in-failed", 403
    title_zh = "登录名、密码或验证码不对"
    title_en = "Login, password or code is wrong"


class TotpRequired(Problem):
    code, status = "second-factor-needed", 403
    title_zh = "还需要验证器的动态码；第一次登录请先绑定验证器"
    title_en = "A code of the authenticator is needed too; at the first login set it up first"


class CrossOriginRejected(Problem):
    code, status = "forgery-refused", 403
    title_zh = "请求不是从本站页面发出的，请刷新页面后重试"
    title_en = "The request did not come from a page of this site; reload the page and try again"


class InvalidOneTimeCode(Problem):
    code, status = "unknown-code", 404
    title_zh = "这个一次性码无效、已用过或已过期，请索取新码"
    title_en = "This one-time code is unknown, used or too old; ask for a new one"


class LoginTaken(Problem):
    code, status = "login-taken", 409
    title_zh = "这个登录名已被使用，且不再分配"
    title_en = "This login was used, and is never used again"


class TooManyDevices(Problem):
    code, status = "too-many-devices", 409
    title_zh = "此人已有两台设备，请先停用一台"
    title_en = "This person has two devices; revoke one first"


class TooManyPasskeys(Problem):
    code, status = "too-many-passkeys", 409
    title_zh = "通行密钥已有十个，请先删除一个"
    title_en = "You have ten passkeys; remove one first"


class TotpAlreadySetUp(Problem):
    code, status = "second-factor-known", 409
    title_zh = "验证器已绑定；要更换，请登录后在“我的账号”里解除，登录不了的请找管理员重置"
    title_en = (
        "The authenticator is set up already; remove it in your account after signing in, or ask an administrator to "
        "reset it"
    )


class TotpRemoved(Problem):
    code, status = "second-factor-removed", 409
    title_zh = "您解除了验证器或通行密钥，还没有绑定新的：请在还登录着的浏览器里绑定，或请管理员重新发邀请"
    title_en = (
        "You removed your authenticator or passkey and set up no other; do that in a browser where you are still "
        "signed in, or ask an administrator for a new invitation"
    )


class TooManyRequests(Problem):
    code, status = "too-many-requests", 429
    title_zh = "次数过多，请保留内容，稍后再试"
    title_en = "Too many requests or tries; keep the content and come again later"


class VisitFull(Problem):
    code, status, quarantines_input = "visit-full", 507, True
    title_zh = "这个任务的内容已达上限；内容请保留，并联系主管"
    title_en = "This visit holds as much as it may; keep the content, and tell a supervisor"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, retry_after=86_400)  # somebody has to make room: asking again soon helps nothing


class QuarantineFull(Problem):
    code, status = "quarantine-full", 507
    title_zh = "暂不能接收的内容太多，隔离区已满；请保留内容，稍后再发，并联系主管"
    title_en = "Too much waits in quarantine; keep the content, send it again later, and tell a supervisor"


class DayFull(Problem):
    code, status = "day-full", 429
    title_zh = "一天内提交的内容太多；请保留内容，稍后再发"
    title_en = "Too much was sent within a day; keep the content and send it again later"


class PhotosUnnamed(Problem):
    code, status = "photos-unnamed", 429
    title_zh = "没有写进记录的照片太多；请先提交写有这些照片的记录，再发照片"
    title_en = "Too many photos are named by no record; submit the records that name them, then send more photos"


class StorageFull(Problem):
    code, status = "storage-full", 507
    title_zh = "磁盘已满，暂时不能保存；请保留内容，稍后再发"
    title_en = "The disk is full; keep the content and send it again later"


class StorageFailed(Problem):
    code, status = "storage-failed", 503
    title_zh = "数据库出了故障，暂时不能保存；请保留内容，稍后再发"
    title_en = "The database has failed and nothing can be kept now; keep the content and send it again later"


class ServiceUnavailable(Problem):
    code, status = "busy", 503
    title_zh = "系统繁忙，请保留内容，稍后再发"
    title_en = "Busy; keep the content and send it again later"


class InternalError(Problem):
    code, status = "defect", 500
    title_zh = "系统故障，已记录；内容请保留，稍后再发"
    title_en = "A defect, which was logged; keep the content and send it again later"


def json_pointer(*steps: object) -> str:
    """A JSON Pointer (RFC 6901) of names and numbers."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
