"""Settings: environment variables named `DOORSTEP_…`, read once into one frozen Struct.

An unknown variable with that prefix is refused, so that a misspelt setting does not go unnoticed.
"""

from collections.abc import Mapping
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, cast, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from service.blobs.connect import s3_parts
from service.spreadsheets.words import load_table_words
from service.text import mail_address

PREFIX = "DOORSTEP_"
LISTS = {"checkpoints", "proxies", "origins", "duty_mail", "automatic", "sms_templates", "webhooks", "webhook_secrets"}
"""Settings with several values, separated by commas."""
DEFAULT_PORTS = {"http": 80, "https": 443}
MIB = 2**20
COLOUR = "^#[0-9A-Fa-f]{6}$"
MIN_SECRET = 16


class SettingsError(ValueError):
    """A setting cannot be used; the message names the variable and what to write."""


class SettingHelp(msgspec.Struct, frozen=True):
    """The description of a setting for people."""

    text: str


Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. The field `max_body` is the variable `DOORSTEP_MAX_BODY`."""

    database: Annotated[
        str, SettingHelp("Address of the database: sqlite:///PATH or postgresql://…; empty: a file in the data folder.")
    ] = ""
    data: Annotated[Path, SettingHelp("Folder for the database, evidence and keys.")] = Path("data")
    script_days: Annotated[
        Annotated[int, Meta(ge=1, le=3660)], SettingHelp("Days after which the token of a script ends.")
    ] = 365
    device_days: Annotated[
        Annotated[int, Meta(ge=1, le=3660)],
        SettingHelp("Days without use after which the token of a phone ends; it then has to be enrolled again."),
    ] = 180
    proof_minutes: Annotated[
        Annotated[int, Meta(ge=1, le=720)],
        SettingHelp("Minutes after signing in during which grave acts need no new sign-in."),
    ] = 15
    oidc_issuer: Annotated[
        str, SettingHelp("Identity provider (OpenID Connect) where people may sign in, as its issuer; empty: none.")
    ] = ""
    oidc_client: Annotated[str, SettingHelp("Our client id there.")] = ""
    oidc_secret: Annotated[str, SettingHelp("Our client secret there; empty for a public client.")] = ""
    oidc_claim: Annotated[Annotated[str, Meta(min_length=1)], SettingHelp("Claim that has a person's login.")] = (
        "preferred_username"
    )
    oidc_scope: Annotated[str, SettingHelp("Scopes that are asked for.")] = "openid profile"
    oidc_factor: Annotated[
        Literal["amr", "always", "never"],
        SettingHelp("When its second factor counts: if it says so (`amr`), always or never."),
    ] = "amr"
    wecom_corp: Annotated[str, SettingHelp("WeCom (企业微信) company id whose users may sign in; empty: none.")] = ""
    wecom_agent: Annotated[str, SettingHelp("Agent id of our WeCom application.")] = ""
    wecom_secret: Annotated[str, SettingHelp("Secret of our WeCom application.")] = ""
    wecom_factor: Annotated[
        Literal["always", "never"], SettingHelp("Whether signing in with WeCom counts as a second factor.")
    ] = "never"
    wecom_api: Annotated[str, SettingHelp("Address of WeCom's API.")] = "https://qyapi.weixin.qq.com"
    wecom_page: Annotated[str, SettingHelp("Address of WeCom's page to sign in.")] = "https://login.work.weixin.qq.com"
    sealing_key: Annotated[
        str,
        SettingHelp(
            "Key that seals secrets in the database: 32 bytes in Base64, before a comma and former ones to replace "
            "those; empty: the file keys/sealing in the data folder, made at the first start."
        ),
    ] = ""
    log_key: Annotated[
        str,
        SettingHelp(
            "Key that signs the log, as PRIVATE+KEY+…; empty: the file keys/log in the data folder, made at the first "
            "start."
        ),
    ] = ""
    log_origin: Annotated[
        Annotated[str, Meta(max_length=200, pattern=r"^[^\s+]*$")],
        SettingHelp("Name of the log, which a new key gets; empty: the host of DOORSTEP_URL and /log."),
    ] = ""
    checkpoints: Annotated[
        tuple[str, ...],
        SettingHelp(
            "Where signed checkpoints of the log are sent, with commas: mailto:ADDRESS once a day, "
            "s3://BUCKET/PREFIX?endpoint=URL&region=NAME&days=3650 with object lock, https://WITNESS#VERIFIER-KEY."
        ),
    ] = ()
    host: Annotated[str, SettingHelp("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535), SettingHelp("Port to listen on; 0 takes a free one.")] = 8000
    url: Annotated[
        str, SettingHelp("Public address, without a path; all links are built from it. Empty: http://HOST:PORT.")
    ] = ""
    origins: Annotated[
        tuple[str, ...],
        SettingHelp("Other origins whose pages may use the API (CORS), such as https://map.example, with commas."),
    ] = ()
    proxies: Annotated[
        tuple[str, ...], SettingHelp("Addresses or networks of proxies whose forwarded headers count, with commas.")
    ] = ()
    zone: Annotated[str, SettingHelp("Time zone of the utility, by its IANA name.")] = "Asia/Shanghai"
    max_body: Annotated[Positive, SettingHelp("Largest body of a request in bytes, after unpacking.")] = 2 * MIB
    max_entries: Annotated[Positive, SettingHelp("Most entries in one record.")] = 2000
    requests: Annotated[Count, SettingHelp("Requests a minute of one token, also all at once; 0: no limit.")] = 600
    strangers: Annotated[
        Count,
        SettingHelp("Requests a minute from one address by those without a token, also all at once; 0: no limit."),
    ] = 600
    visit_records: Annotated[
        Positive,
        SettingHelp("Most records of a visit; the office, the customer's link and door codes each have as many again."),
    ] = 500
    visit_entries: Annotated[
        Positive,
        SettingHelp(
            "Most entries of a visit, and pieces of evidence; a fiftieth as many things, and a hundredth as many "
            "signatures and refusals. Each kind apart, as above."
        ),
    ] = 3000
    visit_bytes: Annotated[Positive, SettingHelp("Most bytes of a visit's records; each kind apart, as above.")] = (
        4 * MIB
    )
    day_records: Annotated[
        Count, SettingHelp("Records (or batches of the office) of one person in a day; 0: no limit.")
    ] = 2000
    day_entries: Annotated[Count, SettingHelp("Entries of one person in a day; 0: no limit.")] = 40_000
    day_bytes: Annotated[Count, SettingHelp("Bytes of records of one person in a day; 0: no limit.")] = 64 * MIB
    day_quarantine: Annotated[Count, SettingHelp("Inputs of one person in a day kept in quarantine; 0: no limit.")] = (
        200
    )
    day_quarantine_bytes: Annotated[Count, SettingHelp("Bytes of those; 0: no limit.")] = 64 * MIB
    day_photos: Annotated[Count, SettingHelp("Photos of one person in a day; 0: no limit.")] = 3000
    day_photo_bytes: Annotated[Count, SettingHelp("Bytes of those; 0: no limit.")] = 4096 * MIB
    day_unnamed_bytes: Annotated[
        Count, SettingHelp("Bytes of one person's photos in a day that no record of theirs names (yet); 0: no limit.")
    ] = 1024 * MIB
    quarantine: Annotated[Count, SettingHelp("Inputs in quarantine that wait for a decision, in all; 0: no limit.")] = (
        10_000
    )
    quarantine_bytes: Annotated[Count, SettingHelp("Bytes of those; 0: no limit.")] = 2048 * MIB
    connections: Annotated[
        Positive, SettingHelp("Most connections at once; fewer where the system allows fewer open files.")
    ] = 1000
    connections_each: Annotated[
        Count, SettingHelp("Most connections of one address at once, proxies apart; 0: no limit.")
    ] = 100
    idle_seconds: Annotated[
        Positive,
        SettingHelp("For how long an idle connection is kept: longer than the proxy keeps it, which is often 60."),
    ] = 75
    max_file: Annotated[Positive, SettingHelp("Largest photo in bytes.")] = 8 * MIB
    blobs: Annotated[
        str,
        SettingHelp("Where photos are kept: s3://BUCKET/PREFIX?endpoint=URL&region=NAME; empty: in the data folder."),
    ] = ""
    company: Annotated[str, SettingHelp("Name of the utility, as customers know it.")] = "供水公司"
    hotline: Annotated[str, SettingHelp("Telephone number that customers may call.")] = ""
    privacy_contact: Annotated[
        Annotated[str, Meta(max_length=200)],
        SettingHelp(
            "Who answers customers about their data, on the page /privacy: name or department, telephone, mail or "
            "address; empty: the hotline."
        ),
    ] = ""
    price_list: Annotated[
        Annotated[str, Meta(max_length=500)],
        SettingHelp(
            "What a damaged meter costs, or where the price list is: shown beside a statement by which the customer "
            "pays for it; empty: nothing is shown."
        ),
    ] = ""
    logo: Annotated[
        str,
        SettingHelp("Logo of the utility at the top of customers' pages: a PNG, JPEG or SVG file of at most 200 KB."),
    ] = ""
    colour: Annotated[
        Annotated[str, Meta(pattern=COLOUR)],
        SettingHelp("Colour of customers' pages, as #RRGGBB; one that is too light to be read on white is darkened."),
    ] = "#0b5cad"
    official: Annotated[
        Annotated[str, Meta(max_length=200)],
        SettingHelp(
            "At the foot of customers' pages, how they know that these are yours: the domain, the official account."
        ),
    ] = ""
    offered_days: Annotated[
        Annotated[int, Meta(ge=0, le=7)],
        SettingHelp(
            "On how many of the next working days a customer who needs another time is offered free times of the "
            "technician; 0: none, they name a day."
        ),
    ] = 3
    cutoff_hours: Annotated[
        Count, SettingHelp("Hours before the window until which a customer may ask for another time.")
    ] = 2
    sms_url: Annotated[
        str, SettingHelp("Address of the gateway for SMS and WeCom; empty: messages go into the file outbox.jsonl.")
    ] = ""
    sms_token: Annotated[str, SettingHelp("Bearer token for that gateway.")] = ""
    sms_reports: Annotated[
        str,
        SettingHelp(
            "Secret with which that gateway reports what became of messages; empty: it gives no reports, and what it "
            "accepts counts as delivered."
        ),
    ] = ""
    sms_templates: Annotated[
        tuple[str, ...],
        SettingHelp("Ids of registered templates by kind of message, with commas: appointment=SMS_1,reminder=SMS_2."),
    ] = ()
    automatic: Annotated[
        tuple[str, ...],
        SettingHelp("Kinds of message that are sent by themselves, with commas; `none`: all are sent by a dispatcher."),
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
        Annotated[str, Meta(pattern=r"^(\d\d:\d\d-\d\d:\d\d|none)$")],
        SettingHelp("Hours in which only urgent messages are sent; `none`: at any hour."),
    ] = "21:00-08:00"
    smtp: Annotated[
        str,
        SettingHelp(
            "Mail server: smtps://USER:PASSWORD@HOST:PORT, smtp+starttls://… (only encrypted), or smtp://… (encrypted "
            "if the server offers it); empty: the same file."
        ),
    ] = ""
    smtp_from: Annotated[str, SettingHelp("Sender of mails.")] = "doorstep@localhost"
    duty_mail: Annotated[
        tuple[str, ...],
        SettingHelp("Addresses, with commas, that get a mail at 07:00 about duties due or overdue; empty: no mail."),
    ] = ()
    close_days: Annotated[
        Count, SettingHelp("Days after its last entry until a visit that calls for nobody is closed.")
    ] = 7
    sample_percent: Annotated[
        Annotated[float, Meta(ge=0, le=100)],
        SettingHelp("Percent of the finished visits that are reviewed although nothing calls for it."),
    ] = 0.0
    keep_visits: Annotated[
        Count, SettingHelp("Days for which a visit is kept after it ended and was closed; 0: for good.")
    ] = 1826
    keep_positions: Annotated[
        Count, SettingHelp("Days after which positions in records are reduced to some 100 metres; 0: never.")
    ] = 90
    keep_quarantine: Annotated[Count, SettingHelp("Days for which decided inputs stay in quarantine; 0: for good.")] = (
        180
    )
    keep_uploads: Annotated[Count, SettingHelp("Days for which photos stay that no record names; 0: for good.")] = 30
    keep_looks: Annotated[
        Count, SettingHelp("Days for which it is kept who looked at visits and at quarantine; 0: for good.")
    ] = 1096
    keep_sign_ins: Annotated[
        Count, SettingHelp("Days for which ended sessions, tokens and one-time codes are kept; 0: for good.")
    ] = 180
    keep_mails: Annotated[Count, SettingHelp("Days for which mails about duties are kept; 0: for good.")] = 90
    keep_staff: Annotated[
        Count, SettingHelp("Days for which the name of a person is kept after they left; 0: for good.")
    ] = 1826
    answer_days: Annotated[
        Literal["calendar", "working"],
        SettingHelp("How the days to answer complaints count: the norm's days (日), or China's working days."),
    ] = "calendar"
    table_words: Annotated[
        str,
        SettingHelp(
            "A TOML file with more headings of columns, names of types and parts of the day in imported tables, as in "
            "service/spreadsheets/words.toml."
        ),
    ] = ""
    webhooks: Annotated[
        tuple[str, ...],
        SettingHelp("Systems that get events about visits, with commas: gis=https://gis.example/in,crm=https://…"),
    ] = ()
    webhook_secrets: Annotated[
        tuple[str, ...],
        SettingHelp(
            "Their secrets, with commas: gis=whsec_… (24 to 64 random bytes in Base64); two for one name while it is "
            "replaced."
        ),
    ] = ()
    metrics: Annotated[
        str,
        SettingHelp("Secret with which Prometheus reads /metrics, as a bearer token; empty: there is no such page."),
    ] = ""
    log: Annotated[Literal["human", "json"], SettingHelp("Form of the log on standard error.")] = "human"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], SettingHelp("What is logged, and all that is graver.")
    ] = "info"

    @property
    def database_address(self) -> str:
        """The address of the database; by default a SQLite file in the data folder."""
        return self.database or f"sqlite:///{self.data / 'doorstep.sqlite'}"

    @property
    def log_name(self) -> str:
        """What a new key of the log signs as: where the log is (C2SP `tlog-tiles`)."""
        return self.log_origin or f"{urlsplit(_origin_of(self.url)).netloc or 'doorstep.invalid'}/log"

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
        return _origin_of(self.url) or f"http://{host}:{self.port}"


def describe_settings() -> list[tuple[str, str, str]]:
    """Every setting as (variable, default, description), in order."""
    hints = get_type_hints(Settings, include_extras=True)
    rows: list[tuple[str, str, str]] = []
    for field in msgspec.structs.fields(Settings):
        text = ",".join(cast("tuple[str, ...]", field.default)) if field.name in LISTS else str(field.default)
        described = next(note for note in hints[field.name].__metadata__ if isinstance(note, SettingHelp))
        rows.append((PREFIX + field.name.upper(), text, described.text))
    return rows


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. SettingsError explains in one sentence what to correct."""
    known = {variable for variable, _, _ in describe_settings()}
    given = {name: value.strip() for name, value in environment.items() if name.startswith(PREFIX)}
    for name in sorted(given.keys() - known):
        raise SettingsError(f"{name} is not a setting; the settings are {', '.join(sorted(known))}")
    raw: dict[str, object] = {name.removeprefix(PREFIX).lower(): value for name, value in given.items() if value}
    for name in raw.keys() & LISTS:
        raw[name] = [part.strip() for part in str(raw[name]).split(",") if part.strip()]
    data = Path(str(raw.pop("data", Settings().data)))
    try:
        settings = msgspec.structs.replace(msgspec.convert(raw, Settings, strict=False), data=data)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        raise SettingsError(f"{PREFIX}{path.rstrip('`').split('[')[0].upper()} cannot be used: {text}") from None
    _check(settings)
    return settings


def _origin_of(url: str) -> str:
    """The origin of an address as browsers write it; '' if it is none or has more than that."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in DEFAULT_PORTS or not host or more or url.endswith(("?", "#")):
        return ""
    try:
        shown = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{parts.scheme}://{shown}" + ("" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _check(settings: Settings) -> None:
    scheme, rest = urlsplit(settings.database_address).scheme, settings.database_address.partition("://")[2]
    if scheme not in ("sqlite", "postgresql", "postgres") or not rest:
        raise SettingsError("DOORSTEP_DATABASE must be sqlite:///PATH or postgresql://…")
    if settings.url and not _origin_of(settings.url):
        raise SettingsError(
            "DOORSTEP_URL must be http:// or https:// and a host, without a path: the service needs a host name (or a "
            "port) of its own, and cannot be put below a path of another site"
        )
    for origin in settings.origins:
        if _origin_of(origin) != origin:
            raise SettingsError(
                f"DOORSTEP_ORIGINS: {origin} is no origin as browsers send it, such as https://map.example or "
                "http://10.0.0.7:8080"
            )
    for name, address, schemes in (
        ("SMS_URL", settings.sms_url, ("http", "https")),
        ("SMTP", settings.smtp, ("smtp", "smtps", "smtp+starttls")),
    ):
        parts = urlsplit(address)
        if address and (parts.scheme not in schemes or not parts.hostname):
            expected = " or ".join(f"{scheme}://" for scheme in schemes)
            raise SettingsError(f"{PREFIX}{name} must begin with {expected} and a host")
    for name, first, others in (
        ("OIDC", settings.oidc_issuer, {"CLIENT": settings.oidc_client}),
        ("WECOM", settings.wecom_corp, {"AGENT": settings.wecom_agent, "SECRET": settings.wecom_secret}),
    ):
        for other, value in others.items():
            if first and not value:
                raise SettingsError(f"{PREFIX}{name}_{other} is needed, too")
    elsewhere = {
        "OIDC_ISSUER": settings.oidc_issuer,
        "WECOM_API": settings.wecom_api,
        "WECOM_PAGE": settings.wecom_page,
    }
    for name, address in elsewhere.items():
        parts = urlsplit(address)
        if address and not (parts.scheme in DEFAULT_PORTS and parts.hostname):
            raise SettingsError(f"{PREFIX}{name} must begin with https:// and a host")
    for name, secret in (("SMS_REPORTS", settings.sms_reports), ("METRICS", settings.metrics)):
        if 0 < len(secret) < MIN_SECRET:
            raise SettingsError(f"{PREFIX}{name} must have at least {MIN_SECRET} characters")
    if settings.quiet_hours is None and settings.quiet != "none":
        raise SettingsError("DOORSTEP_QUIET must be two different times of the day, such as 21:00-08:00, or none")
    for address in settings.duty_mail:
        if mail_address(address) != address:
            raise SettingsError(f"DOORSTEP_DUTY_MAIL: {address} is no mail address")
    if len(set(settings.duty_mail)) < len(settings.duty_mail):
        raise SettingsError("DOORSTEP_DUTY_MAIL names an address twice")
    try:
        if settings.blobs:
            s3_parts(settings.blobs)
    except ValueError as error:
        raise SettingsError(f"DOORSTEP_BLOBS: {error}") from None
    try:
        load_table_words(settings.table_words)
    except ValueError as error:
        raise SettingsError(f"DOORSTEP_TABLE_WORDS: {error}") from None
    for proxy in settings.proxies:
        try:
            ip_network(proxy)
        except ValueError:
            raise SettingsError(f"DOORSTEP_PROXIES: {proxy} is no address and no network") from None
    zones = available_timezones()  # empty on a machine without a time zone database: nothing to check against
    if zones and settings.zone not in zones:
        raise SettingsError(f"DOORSTEP_ZONE: there is no time zone {settings.zone}")
    if zones:
        ZoneInfo(settings.zone)
