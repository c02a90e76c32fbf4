"""Details of problems in Chinese, beside the English of the code: `中文 / English`, whatever language the title has."""

import re

from service.errors import FieldError

from .field_words import INVALID, in_words

_DETAILS = (
    (r"the session has ended", "登录已过期"),
    (r"send Authorization: Bearer and your token", "请在 Authorization 头中发送 Bearer 和令牌"),
    (r"come again in (\d+) seconds", "请在 {} 秒后再来"),
    (r"send X-CSRF-Token as GET /v1/me gives it", "请带上 GET /v1/me 所给的 X-CSRF-Token"),
    (r"the area is not one of yours", "这不是您的片区"),
    (r"this code was used already; wait for the next one", "这个动态码已用过，请等下一个"),
    (r"somebody else is sending this file", "另一个请求正在发送这个文件"),
    (r"the store of files cannot be reached", "文件存储暂时连不上"),
    (r"so much was (?:raised|said|asked) by this link; call the utility", "通过这个链接提交的内容已达上限，请打电话"),
    (r"send (.+) or (.+)", "请以 {} 或 {} 发送"),
    (r"at most (\d+) bytes(?:, counted after unpacking)?", "最多 {} 字节（按解压后计）"),
    (r"at most (\d+) million pixels", "最多 {} 百万像素"),
    (r"at most (\d+) bytes within a day", "一天最多 {} 字节"),
    (r"at most (\d+) uploads at a time; end some of them", "同时最多 {} 个续传，请先结束一些"),
    (r"at most (\d+)", "最多 {}"),
    (r"technicians may not see what customers answered", "技术员看不到客户的答复"),
    (r"these are not your visits", "这不是您的上门任务"),
    (r"`(\w+)` has 1 to (\d+) characters", "`{}` 须为 1 至 {} 个字"),
    (r"`after` is not a cursor of this list", "`after` 不是这个列表的游标"),
    (r"the table (?:could not be read now|is not read yet)", "表格暂时没有读完，请稍后再试"),
    (r"its first bytes are of no JPEG, PNG or WEBP", "文件开头不是 JPEG、PNG 或 WEBP"),
    (r"its header does not say its size", "文件头没有写明图片大小"),
    (r"the copy of the photo (?:could not be made now|is not ready yet)", "照片的副本还没做好，请稍后再试"),
    (r"send Content-Type: (.+)", "请发送 Content-Type: {}"),
    (r"send the file as it is, without Content-Encoding", "请原样发送文件，不要 Content-Encoding"),
    (r"send Tus-Resumable: 1\.0\.0", "请发送 Tus-Resumable: 1.0.0"),
    (r"(.+) must be a number of bytes", "{} 须为字节数"),
    (r"Upload-Metadata must have sha256 .*", "Upload-Metadata 须有 sha256 和 64 位十六进制摘要的 base64"),
    (r"Upload-Checksum must be sha1 or sha256, .*", "Upload-Checksum 须为 sha1 或 sha256、空格和摘要的 base64"),
    (r"(.+) has what is no base64", "{} 里有不是 base64 的内容"),
    (r"Upload-Length must be at least 1", "Upload-Length 至少为 1"),
    (r"(\d+) bytes have come", "已收到 {} 字节"),
    (r"the upload goes on in another request", "续传已在另一个请求中继续"),
    (r"more bytes than Upload-Length says", "字节数超过了 Upload-Length"),
    (r"only a supervisor of the area can look at it", "只能由本片区的主管查看"),
    (r"somebody else has to do this", "这件事须由别人来做"),
    (r"the only Content-Encoding is gzip", "Content-Encoding 只能是 gzip"),
    (r"send it without Content-Encoding", "请不要压缩（不带 Content-Encoding）"),
    (r"Content-Encoding: .+", "Content-Encoding 只能是 gzip 或不带；分片续传不能压缩"),
    (r"Content-Encoding says gzip, and .*", "Content-Encoding 写着 gzip，内容却不是完整的 gzip"),
    (r"the connection ended within the body", "内容没有发完，连接就断了"),
    (r"not UTF-8 at byte (\d+)", "第 {} 字节处不是 UTF-8"),
    (r"U\+0000 is not allowed(?: in text)?", "文字中不能有 U+0000"),
    (r"`(\w+)` must be RFC 3339 with an offset, .*", "`{}` 须为带时区的时间，如 2026-03-02T09:00:00+08:00"),
    (r"the form cannot be read", "表单读不出来，请刷新页面后重填"),
    (r"send the form of the page", "请用页面上的表单提交"),
    (r"name a language and an address of this site", "请写明语言和本站地址"),
    (r"too many connections.*", "连接太多，请稍后再来"),
    (r"the id in the address must be a UUID(?: with its hyphens)?", "地址中的编号须为带连字符的 UUID"),
    (r"write the path without percent signs where none are needed", "地址中不需要百分号编码的字符请直接写"),
    (r"name either a visit or an account", "请写一次上门或一个户号，只写其一"),
    (r"the query cannot be read", "查询参数读不出来"),
    (r"the parameters are: (.+)", "可用的参数：{}"),
    (r"the body is empty", "没有内容"),
    (r"this is not HTTP/1\.1", "这不是 HTTP/1.1"),
    (r"too much beside the content of the body", "内容之外的数据太多"),
    (r"read the answers first", "请先读完前面的应答"),
    (r"send one Host \(RFC 9112, 3\.2\)", "请求头要有且只有一个 Host（RFC 9112 第 3.2 节）"),
    (r"the signature could not be looked at now", "签名暂时核对不了，请稍后再试"),
    (r"too many sign-ins at once", "现在登录的人太多，请稍后再试"),
    (r"others need the connection", "连接要让给别人"),
    (r"the file is being deleted.*", "这个文件正在被删除，请稍后再发"),
)
_BYTE = re.compile(r"\(byte (\d+)\)")
_JSON = "JSON 有错，请检查"


def bilingual(detail: str) -> str:
    """A detail in both languages; one that has no translation as it is."""
    if not detail or not detail.isascii():
        return detail
    for pattern, zh in _DETAILS:
        if found := re.fullmatch(pattern, detail):
            return f"{zh.format(*found.groups())} / {detail}"
    return detail


def bilingual_json(detail: str) -> str:
    """The same for what the decoder of JSON says."""
    found = bilingual(detail)
    if found != detail or not detail.isascii():
        return found
    place = _BYTE.search(detail)
    return f"{f'JSON 在第 {place[1]} 字节处有错，请检查' if place else _JSON} / {detail}"


def bilingual_error(error: FieldError) -> FieldError:
    """The error with its detail in both languages."""
    if not error.detail.isascii() and " / " in error.detail:
        return error
    zh, en = in_words(error)
    if (zh, en) == INVALID and error.detail:
        zh = "内容不正确"
    return FieldError(error.pointer, error.code, f"{zh} / {error.detail or en}")
