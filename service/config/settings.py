"""Settings: environment variables named `DOORSTEP_…`, read once into one frozen Struct (`loading`)."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .origins import origin_of
from .subjects import (
    Customers,
    Handling,
    Integrations,
    Limits,
    Messages,
    Network,
    Retention,
    Running,
    SignIn,
    SigningKeys,
    Storage,
)

MIB = 2**20
COLOUR = "^#[0-9A-Fa-f]{6}$"
HOURS = r"^(\d\d:\d\d-\d\d:\d\d|none)$"
LOG_NAME = r"^[^\s+]*$"
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. The field `max_body` is the variable `DOORSTEP_MAX_BODY`; tuples are written with commas."""

    url: Annotated[
        str,
        Network(
            "对外地址，不带路径；所有链接都由它组成。空：http://HOST:PORT。",
            "Public address, without a path; all links are built from it. Empty: http://HOST:PORT.",
        ),
    ] = ""
    host: Annotated[str, Network("监听的地址。", "Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65535), Network("监听的端口；0：任取一个空闲的。", "Port to listen on; 0 takes a free one.")
    ] = 8000
    proxies: Annotated[
        tuple[str, ...],
        Network(
            "代理的地址或网段，逗号分隔：只有它们转发的请求头才算数。",
            "Addresses or networks of proxies whose forwarded headers count, with commas.",
        ),
    ] = ()
    origins: Annotated[
        tuple[str, ...],
        Network(
            "另外允许哪些来源的网页调用接口（CORS），如 https://map.example，逗号分隔。",
            "Other origins whose pages may use the API (CORS), such as https://map.example, with commas.",
        ),
    ] = ()
    connections: Annotated[
        Positive,
        Network(
            "同时最多多少个连接；系统允许打开的文件较少时，连接也较少。",
            "Most connections at once; fewer where the system allows fewer open files.",
        ),
    ] = 1000
    connections_each: Annotated[
        Count,
        Network(
            "一个地址同时最多多少个连接，代理除外；0：不限。",
            "Most connections of one address at once, proxies apart; 0: no limit.",
        ),
    ] = 100
    idle_seconds: Annotated[
        Positive,
        Network(
            "空闲连接保留几秒：要比代理保留得久，代理常为 60 秒。",
            "For how long an idle connection is kept: longer than the proxy keeps it, which is often 60.",
        ),
    ] = 75

    data: Annotated[
        Path, Storage("数据文件夹：数据库、照片和密钥。", "Folder for the database, evidence and keys.")
    ] = Path("data")
    database: Annotated[
        str,
        Storage(
            "数据库地址：sqlite:///路径 或 postgresql://…；空：数据文件夹里的一个文件。",
            "Address of the database: sqlite:///PATH or postgresql://…; empty: a file in the data folder.",
        ),
    ] = ""
    blobs: Annotated[
        str,
        Storage(
            "照片存放处：s3://存储桶/前缀?endpoint=网址&region=区域；空：数据文件夹。",
            "Where photos are kept: s3://BUCKET/PREFIX?endpoint=URL&region=NAME; empty: in the data folder.",
        ),
    ] = ""

    company: Annotated[str, Customers("单位名称，客户看到的就是它。", "Name of the utility, as customers know it.")] = (
        "供水公司"
    )
    hotline: Annotated[str, Customers("客户可以拨打的电话。", "Telephone number that customers may call.")] = ""
    privacy_contact: Annotated[
        str,
        Meta(max_length=200),
        Customers(
            "谁答复客户关于个人信息的要求，写在 /privacy 页上：姓名或部门、电话、邮箱或地址；空：热线。",
            "Who answers customers about their data, on the page /privacy: name or department, telephone, mail or "
            "address; empty: the hotline.",
        ),
    ] = ""
    price_list: Annotated[
        str,
        Meta(max_length=500),
        Customers(
            "水表损坏赔多少，或价目表在哪里：写在由客户赔付的确认单旁边；空：不写。",
            "What a damaged meter costs, or where the price list is: shown beside a statement by which the "
            "customer pays for it; empty: nothing is shown.",
        ),
    ] = ""
    logo: Annotated[
        str,
        Customers(
            "客户页面顶部的标志：PNG、JPEG 或 SVG 文件的路径，最大 200 KB。",
            "Logo of the utility at the top of customers' pages: a PNG, JPEG or SVG file of at most 200 KB.",
        ),
    ] = ""
    colour: Annotated[
        str,
        Meta(pattern=COLOUR, examples=["#0b5cad"]),
        Customers(
            "客户页面的颜色，#RRGGBB；太浅、白底上看不清的会加深。",
            "Colour of customers' pages, as #RRGGBB; one that is too light to be read on white is darkened.",
        ),
    ] = "#0b5cad"
    official: Annotated[
        str,
        Meta(max_length=200),
        Customers(
            "客户页面底部，怎样辨认页面真是贵单位的：域名、公众号。",
            "At the foot of customers' pages, how they know that these are yours: the domain, the official account.",
        ),
    ] = ""
    offered_days: Annotated[
        int,
        Meta(ge=0, le=7),
        Customers(
            "客户要改时间时，给出技术员今后几个工作日的空闲时间供选；0：不给，由客户自己写。",
            "On how many of the next working days a customer who needs another time is offered free times of "
            "the technician; 0: none, they name a day.",
        ),
    ] = 3
    cutoff_hours: Annotated[
        Count,
        Customers(
            "约定时间开始前几小时为止，客户还可以要求改时间。",
            "Hours before the window until which a customer may ask for another time.",
        ),
    ] = 2

    sms_url: Annotated[
        str,
        Messages(
            "短信和微信网关的地址；空：消息写进文件 outbox.jsonl。",
            "Address of the gateway for SMS and WeCom; empty: messages go into the file outbox.jsonl.",
        ),
    ] = ""
    sms_token: Annotated[str, Messages("网关的令牌（Bearer）。", "Bearer token for that gateway.")] = ""
    sms_reports: Annotated[
        str,
        Messages(
            "网关回报送达结果时用的密钥；空：不回报，它收下的就算已送达。",
            "Secret with which that gateway reports what became of messages; empty: it gives no reports, and "
            "what it accepts counts as delivered.",
        ),
    ] = ""
    sms_templates: Annotated[
        tuple[str, ...],
        Messages(
            "各类消息登记的模板编号，逗号分隔：appointment=SMS_1,reminder=SMS_2。",
            "Ids of registered templates by kind of message, with commas: appointment=SMS_1,reminder=SMS_2.",
        ),
    ] = ()
    automatic: Annotated[
        tuple[str, ...],
        Messages(
            "哪些消息自动发送，逗号分隔；`none`：都由调度员发送。",
            "Kinds of message that are sent by themselves, with commas; `none`: all are sent by a dispatcher.",
        ),
    ] = (
        "handover",
        "reminder",
        "on_the_way",
        "cancellation",
        "please_sign",
        "signature_void",
        "complaint_received",
        "complaint_answered",
    )
    quiet: Annotated[
        str,
        Meta(pattern=HOURS, examples=["21:00-08:00"]),
        Messages(
            "只发紧急消息的时段；`none`：任何时候都发。",
            "Hours in which only urgent messages are sent; `none`: at any hour.",
        ),
    ] = "21:00-08:00"
    smtp: Annotated[
        str,
        Messages(
            "邮件服务器：smtps://用户:口令@主机:端口，smtp+starttls://…（必须加密），或 "
            "smtp://…（服务器支持才加密）；空：写进同一个文件。",
            "Mail server: smtps://USER:PASSWORD@HOST:PORT, smtp+starttls://… (only encrypted), or smtp://… "
            "(encrypted if the server offers it); empty: the same file.",
        ),
    ] = ""
    smtp_from: Annotated[str, Messages("邮件的发件人。", "Sender of mails.")] = "doorstep@localhost"
    duty_mail: Annotated[
        tuple[str, ...],
        Messages(
            "每天 07:00 收到期和逾期事项邮件的地址，逗号分隔；空：不发。",
            "Addresses, with commas, that get a mail at 07:00 about duties due or overdue; empty: no mail.",
        ),
    ] = ()

    script_days: Annotated[
        int, Meta(ge=1, le=3660), SignIn("脚本的令牌多少天后失效。", "Days after which the token of a script ends.")
    ] = 365
    device_days: Annotated[
        int,
        Meta(ge=1, le=3660),
        SignIn(
            "手机多少天不用令牌失效，之后要重新登记。",
            "Days without use after which the token of a phone ends; it then has to be enrolled again.",
        ),
    ] = 180
    proof_minutes: Annotated[
        int,
        Meta(ge=1, le=720),
        SignIn(
            "登录后多少分钟内作重大操作不必再次登录。",
            "Minutes after signing in during which grave acts need no new sign-in.",
        ),
    ] = 15
    oidc_issuer: Annotated[
        str,
        SignIn(
            "可用来登录的身份平台（OpenID Connect）的 issuer；空：不用。",
            "Identity provider (OpenID Connect) where people may sign in, as its issuer; empty: none.",
        ),
    ] = ""
    oidc_client: Annotated[str, SignIn("在身份平台登记的 client id。", "Our client id there.")] = ""
    oidc_secret: Annotated[
        str, SignIn("在身份平台登记的密钥；公开客户端留空。", "Our client secret there; empty for a public client.")
    ] = ""
    oidc_claim: Annotated[
        str, Meta(min_length=1), SignIn("哪个 claim 是登录名。", "Claim that has a person's login.")
    ] = "preferred_username"
    oidc_scope: Annotated[str, SignIn("申请哪些 scope。", "Scopes that are asked for.")] = "openid profile"
    oidc_factor: Annotated[
        Literal["amr", "always", "never"],
        SignIn(
            "身份平台的第二因素何时算数：`amr`：它说用过才算；`always`：总算；`never`：不算。",
            "When its second factor counts: `amr`: if it says that there was one; `always`; `never`.",
        ),
    ] = "amr"
    wecom_corp: Annotated[
        str,
        SignIn(
            "企业微信的企业 ID，其成员可以登录；空：不用。",
            "WeCom (企业微信) company id whose users may sign in; empty: none.",
        ),
    ] = ""
    wecom_agent: Annotated[str, SignIn("企业微信应用的 AgentId。", "Agent id of our WeCom application.")] = ""
    wecom_secret: Annotated[str, SignIn("企业微信应用的 Secret。", "Secret of our WeCom application.")] = ""
    wecom_factor: Annotated[
        Literal["always", "never"],
        SignIn(
            "用企业微信登录是否算第二因素：`always`：算；`never`：不算。",
            "Whether signing in with WeCom counts as a second factor: `always` or `never`.",
        ),
    ] = "never"
    wecom_api: Annotated[str, SignIn("企业微信接口的地址。", "Address of WeCom's API.")] = "https://qyapi.weixin.qq.com"
    wecom_page: Annotated[str, SignIn("企业微信登录页的地址。", "Address of WeCom's page to sign in.")] = (
        "https://login.work.weixin.qq.com"
    )

    zone: Annotated[str, Handling("所在时区的 IANA 名称。", "Time zone of the utility, by its IANA name.")] = (
        "Asia/Shanghai"
    )
    close_days: Annotated[
        Count,
        Handling(
            "最后一条记录几天后，不需要人处理的上门任务自动办结。",
            "Days after its last entry until a visit that calls for nobody is closed.",
        ),
    ] = 7
    sample_percent: Annotated[
        float,
        Meta(ge=0, le=100),
        Handling(
            "正常完成的上门任务抽查百分之几。",
            "Percent of the finished visits that are reviewed although nothing calls for it.",
        ),
    ] = 0.0
    answer_days: Annotated[
        Literal["calendar", "working"],
        Handling(
            "答复投诉的天数怎么算：`calendar`：规范写的日；`working`：中国的工作日。",
            "How the days to answer complaints count: `calendar`: the norm's days (日); `working`: China's "
            "working days.",
        ),
    ] = "calendar"
    table_words: Annotated[
        str,
        Handling(
            "一个 TOML 文件，补充导入表格时认识的列名、类型名和时段，格式同 service/spreadsheets/words.toml。",
            "A TOML file with more headings of columns, names of types and parts of the day in imported "
            "tables, as in service/spreadsheets/words.toml.",
        ),
    ] = ""

    keep_visits: Annotated[
        Count,
        Retention(
            "上门任务办结后保存多少天；0：长期。",
            "Days for which a visit is kept after it ended and was closed; 0: for good.",
        ),
    ] = 1826
    keep_positions: Annotated[
        Count,
        Retention(
            "多少天后记录里的位置只精确到约 100 米；0：不降低。",
            "Days after which positions in records are reduced to some 100 metres; 0: never.",
        ),
    ] = 90
    keep_quarantine: Annotated[
        Count,
        Retention(
            "隔离区里已处理的内容保存多少天；0：长期。",
            "Days for which decided inputs stay in quarantine; 0: for good.",
        ),
    ] = 180
    keep_uploads: Annotated[
        Count,
        Retention(
            "没有记录引用的照片保存多少天；0：长期。", "Days for which photos stay that no record names; 0: for good."
        ),
    ] = 30
    keep_looks: Annotated[
        Count,
        Retention(
            "谁看过上门任务和隔离区，保存多少天；0：长期。",
            "Days for which it is kept who looked at visits and at quarantine; 0: for good.",
        ),
    ] = 1096
    keep_sign_ins: Annotated[
        Count,
        Retention(
            "已结束的登录、令牌和一次性代码保存多少天；0：长期。",
            "Days for which ended sessions, tokens and one-time codes are kept; 0: for good.",
        ),
    ] = 180
    keep_mails: Annotated[
        Count,
        Retention("到期提醒邮件保存多少天；0：长期。", "Days for which mails about duties are kept; 0: for good."),
    ] = 90
    keep_staff: Annotated[
        Count,
        Retention(
            "人员离职后姓名保存多少天；0：长期。",
            "Days for which the name of a person is kept after they left; 0: for good.",
        ),
    ] = 1826

    sealing_key: Annotated[
        str,
        SigningKeys(
            "加密库中机密的密钥：Base64 的 32 字节，逗号后面可以跟要替换掉的旧密钥；空：数据文件夹里的 "
            "keys/sealing，第一次启动时生成。",
            "Key that seals secrets in the database: 32 bytes in Base64, before a comma and former ones to "
            "replace those; empty: the file keys/sealing in the data folder, made at the first start.",
        ),
    ] = ""
    log_key: Annotated[
        str,
        SigningKeys(
            "给日志签名的密钥，形如 PRIVATE+KEY+…；空：数据文件夹里的 keys/log，第一次启动时生成。",
            "Key that signs the log, as PRIVATE+KEY+…; empty: the file keys/log in the data folder, made at "
            "the first start.",
        ),
    ] = ""
    log_origin: Annotated[
        str,
        Meta(max_length=200, pattern=LOG_NAME, examples=["visits.example/log"]),
        SigningKeys(
            "日志的名称，写进新的密钥；空：对外地址的主机名加 /log。",
            "Name of the log, which a new key gets; empty: the host of the public address and /log.",
        ),
    ] = ""
    checkpoints: Annotated[
        tuple[str, ...],
        SigningKeys(
            "签过名的日志检查点送到哪里，逗号分隔：mailto:邮箱（每天一次），"
            "s3://存储桶/前缀?endpoint=网址&region=区域&days=3650（带对象锁），https://见证人#验证密钥。",
            "Where signed checkpoints of the log are sent, with commas: mailto:ADDRESS once a day, "
            "s3://BUCKET/PREFIX?endpoint=URL&region=NAME&days=3650 with object lock, "
            "https://WITNESS#VERIFIER-KEY.",
        ),
    ] = ()

    webhooks: Annotated[
        tuple[str, ...],
        Integrations(
            "接收上门事件的系统，逗号分隔：gis=https://gis.example/in,crm=https://…",
            "Systems that get events about visits, with commas: gis=https://gis.example/in,crm=https://…",
        ),
    ] = ()
    webhook_secrets: Annotated[
        tuple[str, ...],
        Integrations(
            "它们的密钥，逗号分隔：gis=whsec_…（Base64 的 24 到 64 个随机字节）；更换期间同一名称可以写两个。",
            "Their secrets, with commas: gis=whsec_… (24 to 64 random bytes in Base64); two for one name while "
            "it is replaced.",
        ),
    ] = ()
    metrics: Annotated[
        str,
        Integrations(
            "Prometheus 读取 /metrics 用的密钥（Bearer）；空：没有这个页面。",
            "Secret with which Prometheus reads /metrics, as a bearer token; empty: there is no such page.",
        ),
    ] = ""

    max_body: Annotated[
        Positive,
        Limits("一个请求的内容最大多少字节，解压后计算。", "Largest body of a request in bytes, after unpacking."),
    ] = 2 * MIB
    max_entries: Annotated[Positive, Limits("一条记录最多多少个条目。", "Most entries in one record.")] = 2000
    max_file: Annotated[Positive, Limits("一张照片最大多少字节。", "Largest photo in bytes.")] = 8 * MIB
    requests: Annotated[
        Count,
        Limits(
            "一个令牌每分钟多少个请求，可以一次用完；0：不限。",
            "Requests a minute of one token, also all at once; 0: no limit.",
        ),
    ] = 600
    strangers: Annotated[
        Count,
        Limits(
            "没有令牌的人，每个地址每分钟多少个请求，可以一次用完；0：不限。",
            "Requests a minute from one address by those without a token, also all at once; 0: no limit.",
        ),
    ] = 600
    visit_records: Annotated[
        Positive,
        Limits(
            "一次上门最多多少条记录；办公室、客户链接和上门码各另有同样多。",
            "Most records of a visit; the office, the customer's link and door codes each have as many again.",
        ),
    ] = 500
    visit_entries: Annotated[
        Positive,
        Limits(
            "一次上门最多多少个条目和多少件证据；物品是它的五十分之一，签名和拒签是百分之一。各来源分别计算，同上。",
            "Most entries of a visit, and pieces of evidence; a fiftieth as many things, and a hundredth as "
            "many signatures and refusals. Each kind apart, as above.",
        ),
    ] = 3000
    visit_bytes: Annotated[
        Positive,
        Limits(
            "一次上门的记录最多多少字节；各来源分别计算，同上。",
            "Most bytes of a visit's records; each kind apart, as above.",
        ),
    ] = 4 * MIB
    day_records: Annotated[
        Count,
        Limits(
            "一个人一天多少条记录（办公室为批次）；0：不限。",
            "Records (or batches of the office) of one person in a day; 0: no limit.",
        ),
    ] = 2000
    day_entries: Annotated[
        Count, Limits("一个人一天多少个条目；0：不限。", "Entries of one person in a day; 0: no limit.")
    ] = 40_000
    day_bytes: Annotated[
        Count, Limits("一个人一天的记录多少字节；0：不限。", "Bytes of records of one person in a day; 0: no limit.")
    ] = 64 * MIB
    day_quarantine: Annotated[
        Count,
        Limits(
            "一个人一天多少份内容进隔离区；0：不限。", "Inputs of one person in a day kept in quarantine; 0: no limit."
        ),
    ] = 200
    day_quarantine_bytes: Annotated[Count, Limits("这些内容多少字节；0：不限。", "Bytes of those; 0: no limit.")] = (
        64 * MIB
    )
    day_photos: Annotated[
        Count, Limits("一个人一天多少张照片；0：不限。", "Photos of one person in a day; 0: no limit.")
    ] = 3000
    day_photo_bytes: Annotated[Count, Limits("这些照片多少字节；0：不限。", "Bytes of those; 0: no limit.")] = (
        4096 * MIB
    )
    day_unnamed_bytes: Annotated[
        Count,
        Limits(
            "一个人一天的照片中，还没有被本人的记录引用的，多少字节；0：不限。",
            "Bytes of one person's photos in a day that no record of theirs names (yet); 0: no limit.",
        ),
    ] = 1024 * MIB
    quarantine: Annotated[
        Count,
        Limits(
            "隔离区里等待处理的内容一共多少份；0：不限。",
            "Inputs in quarantine that wait for a decision, in all; 0: no limit.",
        ),
    ] = 10_000
    quarantine_bytes: Annotated[Count, Limits("这些内容一共多少字节；0：不限。", "Bytes of those; 0: no limit.")] = (
        2048 * MIB
    )

    log: Annotated[
        Literal["human", "json"],
        Running(
            "标准错误上运行日志的格式：`human`：给人看；`json`：给程序看。",
            "Form of the log on standard error: `human` for people, `json` for programs.",
        ),
    ] = "human"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Running(
            "运行日志记哪一级以及更严重的：debug、info、warning 或 error。",
            "What is logged, and all that is graver: debug, info, warning or error.",
        ),
    ] = "info"

    @property
    def database_address(self) -> str:
        """The address of the database; by default a SQLite file in the data folder."""
        return self.database or f"sqlite:///{self.data / 'doorstep.sqlite'}"

    @property
    def log_name(self) -> str:
        """What a new key of the log signs as: where the log is (C2SP `tlog-tiles`)."""
        return self.log_origin or f"{self.public_url.partition('://')[2].removesuffix(':0')}/log"

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """From when until when other than urgent messages wait."""
        try:
            start, end = (time.fromisoformat(part) for part in self.quiet.split("-"))
        except ValueError:
            return None
        return (start, end) if start != end else None

    @property
    def public_url(self) -> str:
        """The address that links begin with, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return origin_of(self.url) or f"http://{host}:{self.port}"
