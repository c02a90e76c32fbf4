"""Validation of the details of a person, the same on the command line and over HTTP, to add or to change.

Only new logins are validated; existing ones stay valid whatever they look like.
"""

import re
import unicodedata
from typing import Annotated, Literal, get_args

import msgspec

from service.field_kinds import Cleaned, line, visible_line
from service.text import clean_line, is_visible

from .permissions import Role

ROLES: tuple[Role, ...] = get_args(Role)
_BREAKS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
LINE = rf"^[^{_BREAKS}]*$(?!\n)"
NAME = (
    rf"^[^\S{_BREAKS}]*[^\s{_BREAKS}][^{_BREAKS}]*$(?!\n)"  # blanks, then a character: unambiguous, so no backtracking
)
MAX_LINE, MAX_NAME = 100, 200
SingleLine = Annotated[str, line(MAX_LINE, LINE)]
PersonName = Annotated[str, visible_line(MAX_NAME, NAME)]
NOT_IN_LOGIN = " \n\t\r\0/?#%\\"
Roles = Annotated[tuple[Role, ...], msgspec.Meta(max_length=20)]
Areas = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=MAX_NAME)], ...], msgspec.Meta(max_length=200)]
ValidationError = tuple[Literal["/roles", "/areas", "/login", "/name", "/badge", "/title"], str]
"""The invalid field, and why."""
_LINE, _NAME = re.compile(LINE), re.compile(NAME)


class NewPerson(Cleaned, frozen=True):
    """A person to be added. `badge` (工号) and `title` are on their ID card."""

    login: Annotated[
        str, msgspec.Meta(min_length=1, max_length=64, description="A login that nobody had before; it never changes.")
    ]
    name: Annotated[PersonName, msgspec.Meta(description="The name, as on the ID card.")]
    roles: Annotated[Roles, msgspec.Meta(description="All roles; at least one.")]
    areas: Annotated[Areas, msgspec.Meta(description="Areas (片区); none means the whole utility.")] = ()
    badge: Annotated[SingleLine, msgspec.Meta(description="The number of the ID card (工号).")] = ""
    title: Annotated[SingleLine, msgspec.Meta(description="The title on the ID card, such as 维修员.")] = ""


def normalized(given: NewPerson) -> NewPerson:
    """The person with duplicate roles and areas removed."""
    roles = tuple(dict.fromkeys(given.roles))
    return msgspec.structs.replace(given, roles=roles, areas=unique_lines(given.areas))


def unique_lines(areas: tuple[str, ...]) -> tuple[str, ...]:
    """Areas without duplicates, each cleaned."""
    return tuple(dict.fromkeys(map(clean_line, areas)))


def validate_new_person(given: NewPerson) -> ValidationError | None:
    """The first error in the details of a new person, or None."""
    if not _is_valid_login(given.login):
        return (
            "/login",
            "登录名：1 至 64 个字符，一种文字，不含空格 / a login: 1 to 64 visible characters of one script",
        )
    if len(given.name) > MAX_NAME or not _NAME.search(given.name) or not is_visible(given.name):
        return "/name", f"姓名：一行，最多 {MAX_NAME} 字 / a name: one line of at most {MAX_NAME} characters"
    message = f"最多 {MAX_LINE} 字，不含换行 / at most {MAX_LINE} characters on one line"
    cards: tuple[tuple[Literal["/badge", "/title"], str], ...] = (("/badge", given.badge), ("/title", given.title))
    for place, text in cards:
        if len(text) > MAX_LINE or not _LINE.search(text):
            return place, message
    return validate_roles_and_areas(given.roles, given.areas)


def validate_roles_and_areas(roles: tuple[Role, ...], areas: tuple[str, ...]) -> ValidationError | None:
    """The first error in roles and areas, or None."""
    if any(role not in ROLES for role in roles) or not roles:
        return "/roles", f"角色须为 / roles are: {', '.join(ROLES)}"
    if set(roles) == {"technician"} and len(areas) > 1:
        return "/areas", "技术员只能有一个片区 / a technician has one area"
    if any(len(area) > MAX_NAME or not _NAME.search(area) or not is_visible(area) for area in areas):
        return "/areas", f"片区：一行，最多 {MAX_NAME} 字 / an area: one line of at most {MAX_NAME} characters"
    return None


def _mixes_scripts(login: str) -> bool:
    """Whether letters of several scripts look like one word, as in `admin` with a Cyrillic letter. Latin and Chinese
    are often written together and look nothing alike."""
    scripts = {unicodedata.name(c, "?").split(" ")[0] for c in login if c.isalpha()}
    return len(scripts - {"LATIN", "CJK"}) + bool(scripts & {"LATIN", "CJK"}) > 1


def _is_valid_login(login: str) -> bool:
    """Whether a login is printable, normalized, and safe as a segment of a path."""
    if not 0 < len(login) <= 64:
        return False
    plain = login.isprintable() and unicodedata.normalize("NFKC", login) == login and not _mixes_scripts(login)
    return plain and login not in (".", "..") and not any(c in login for c in NOT_IN_LOGIN)
