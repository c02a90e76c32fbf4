"""What people type, as it is meant: without what nobody can see, and compared as one thing however it is written.

Every door uses these functions, whether a text comes as JSON, in a form, in a table or on the command line:

- `clean_line`, `clean_text`: text to be kept. `is_visible`: whether there is anything to read in it.
- `clean_phone`, `phone_numbers`, `sms_number`: telephone numbers.
- `clean_identifier`: order numbers and accounts to be kept. `identifier_key`: how they, names and types are compared.
- `clean_code`: a one-time code of digits. `clean_secret`: any other code that is pasted.
- `clean_link_code`: the code in a link to a customer's page.
- `login_key`: how logins are compared. `search_key`, `search_query`: how texts are searched.

Each gives its own result again when it is applied twice.
"""

import re
from unicodedata import category, decimal, is_normalized

from .normal_form import normal_form

_INVISIBLE = (  # of a character class: controls, formats, fillers and selectors, but no blanks and line breaks
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_EMOJI = r"\xa9\xae\u2049\u203c\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_AFTER_EMOJI = r"[\ufe0f\U0001f3fb-\U0001f3ff]?"
_JOINING = r"\u0600-\u061b\u061d-\u070e\u0710-\u08ff\u0900-\u0dff\u1780-\u17b3\u17b6-\u180a\u1810-\u18af"
_MEANT = (  # invisible characters that change what one sees: flags, joined emoji, joiners of some scripts, variants
    r"\U0001f3f4[\U000e0020-\U000e007f]+"
    rf"|[{_EMOJI}]{_AFTER_EMOJI}(?:\u200d[{_EMOJI}]{_AFTER_EMOJI})*"
    rf"|[{_JOINING}][\u200c\u200d](?=[{_JOINING}])"
    r"|[0-9#*]\ufe0f(?=\u20e3)"
    r"|[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][\ufe00-\ufe02\U000e0100-\U000e01ef]"
)
_HIDDEN = re.compile(rf"({_MEANT})|[{_INVISIBLE}]")
_ANY_INVISIBLE = re.compile(rf"[{_INVISIBLE}]")
_ODD = re.compile(rf"[{_INVISIBLE}\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029\ud800-\udfff]")
_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_DASHES = re.compile(r"[\u02d7\u2010-\u2015\u2043\u2212\u2500\u2501\u2796\u2e3a\u2e3b\ufe58\ufe63\uff0d]")
_SLASHES = re.compile(r"[\u2044\u2215\u29f8\uff0f]")
_NOT_SEARCHED = re.compile(r"[-_./()\[\]·•・+,、;:'\"]")
_SHOWN = frozenset("LNPS")
_PRIVATE = "Co"  # rare characters of names are in the private use area of GB 18030

_LINK_CODE = re.compile("[A-Za-z0-9]*")
_NO_SECRET = re.compile(r"[^A-Za-z0-9_-]+\Z")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|[#x])\s*:?\s*\d{1,6}", re.IGNORECASE)
_NUMBERS = re.compile(  # of other countries; mobiles; and whatever else has digits
    r"\+(?!86)\d[\d\s().-]*|(?<!\d)(?:\+?(?:00)?86[\s-]*|0)?1[3-9](?:[\s().-]*\d){9}(?!\d)|\+?[\d(][\d\s().-]*"
)
_NOT_DIALLED = re.compile(r"[\s().-]")
_MOBILE = re.compile(r"(?:\+?(?:00)?86|0)?(1[3-9]\d{9})")
_HOME = re.compile(r"(?:00)?86(?=1[3-9]\d{9}$)|(?:0086|86)(?=[2-9]\d{9,10}$)")
_LIKE_MOBILE = re.compile(r"1\d*")
_ABROAD = re.compile(r"(?:\+|00)([1-9]\d{6,14})")  # no country begins with 0
_DIALLED = re.compile(r"(?!00)\d{7,15}")
_MAIL_ADDRESS = re.compile(r"[\w+-]+(?:\.[\w+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", re.ASCII)
_NAMED = re.compile(r"[^<>@,;]*<([^<>]*)>")
_DECIMAL_TAIL = re.compile(r"(\d{7,})(?:\.0+)+")


def clean_text(text: str) -> str:
    """Text of one or more lines: composed (NFC), without what nobody can see and without surrounding blanks."""
    if text.isascii() and text.isprintable():
        return text.strip()
    if _ODD.search(text) is not None:
        text = _SURROGATE.sub("\ufffd", _BREAK.sub("\n", text))
        text = _HIDDEN.sub(lambda found: found[1] or "", text)
    return _unless_nothing((text if is_normalized("NFC", text) else normal_form("NFC", text)).strip())


def clean_line(text: str) -> str:
    """Text of one line: as `clean_text`, with one space for each line break, tab, or run of blanks."""
    return _BLANKS.sub(" ", clean_text(text))


def is_visible(text: str) -> bool:
    """Whether there is anything to read: a letter, digit, punctuation mark or symbol, not just blanks, marks and
    characters that were lost."""
    plain = _ANY_INVISIBLE.sub("", text).replace("\ufffd", "")
    return any(category(one)[0] in _SHOWN or category(one) == _PRIVATE for one in plain)


def _unless_nothing(text: str) -> str:
    """The text; '' if it has only marks, which belong on letters."""
    return "" if text and all(category(one)[0] in "MZ" for one in text) else text


def clean_identifier(text: str) -> str:
    """An order number or an account on one line, in ASCII where it has other forms of ASCII; case is kept."""
    if text.isascii() and text.isprintable():
        return text.strip()
    plain = _ANY_INVISIBLE.sub("", _SURROGATE.sub("\ufffd", normal_form("NFKC", text)))
    return _unless_nothing(_BLANKS.sub(" ", _SLASHES.sub("/", _DASHES.sub("-", plain))).strip())


def identifier_key(text: str) -> str:
    """What identifies a thing: without case, blanks and width, and with every dash as `-`."""
    folded = "".join(clean_identifier(text).casefold().split())
    return folded if folded == text else identifier_key(folded)  # joining characters may compose others


def search_key(text: str) -> str:
    """What a person does not distinguish is one: as `identifier_key`, and without the separators of numbers."""
    key = identifier_key(text)
    folded = _NOT_SEARCHED.sub("", key)
    return folded if folded == key else search_key(folded)


def search_query(text: str) -> str:
    """What to look for: as `search_key`, and a telephone number without the code of China, as most are stored."""
    found = search_key(text)
    return _HOME.sub("", found) or found if _HOME.match(found) else found


def login_key(text: str) -> str:
    """Logins are one if they differ in case, width, or what nobody can see."""
    return identifier_key(text)


def clean_code(text: str) -> str:
    """The digits of a one-time code, without blanks, separators, and the words that were copied with it."""
    return "".join(str(decimal(one)) for one in text if one.isdecimal())


def clean_secret(text: str) -> str:
    """A code of letters and digits without the blanks, invisible characters and signs at its end that pasting adds."""
    return _NO_SECRET.sub("", "".join(_ANY_INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text)).split()))


def clean_link_code(text: str) -> str:
    """A code at the end of a link, in lower case, without what apps for messages take for a part of the link: the
    signs and words that follow it."""
    return _LINK_CODE.match(text)[0].lower()  # type: ignore[index] - it matches any text


def clean_phone(text: str) -> str:
    """Telephone numbers on one line in ASCII, without what spreadsheets add (`'`, `.0`); words beside them stay."""
    return _unless_nothing(_DECIMAL_TAIL.sub(r"\1", clean_identifier(text).lstrip("'`\u2018\u2019 ")))


def phone_numbers(text: str) -> tuple[str, ...]:
    """The distinct numbers in a text that can be dialled, as they are dialled in China: seven digits or more, eleven of
    a mobile, `+` before those of other countries."""
    plain = _EXTENSION.sub(" , ", clean_phone(text))
    found: dict[str, None] = {}
    for run in _NUMBERS.findall(plain):
        whole = _dialled(run)
        for number in (whole,) if whole else map(_dialled, run.split()):
            if number:
                found[number] = None
    return tuple(found)


def _dialled(text: str) -> str:
    number = _NOT_DIALLED.sub("", text)
    if mobile := _MOBILE.fullmatch(number):
        return mobile[1]
    if abroad := _ABROAD.fullmatch(number):
        digits = abroad[1]
        if not digits.startswith("86"):
            return f"+{digits}"
        number = digits[2:] if _LIKE_MOBILE.fullmatch(digits[2:]) else f"0{digits[2:].lstrip('0')}"
    return number if _DIALLED.fullmatch(number) and not _LIKE_MOBILE.fullmatch(number) else ""


def can_be_dialled(text: str) -> bool:
    """Whether a text has a telephone number, maybe among several."""
    return bool(phone_numbers(text))


def sms_number(text: str) -> str:
    """The first number that a text message can be sent to, a mobile or one of another country; '' without one."""
    numbers = phone_numbers(text)
    return next((one for one in numbers if _MOBILE.fullmatch(one) or one.startswith("+")), "")


def mail_address(text: str) -> str:
    """The one mail address that a text is or names (`陶 <tao@example.cn>`), in ASCII; '' for anything else."""
    address = clean_identifier(text)
    if named := _NAMED.fullmatch(address):
        address = named[1]
    return address if len(address) <= 254 and _MAIL_ADDRESS.fullmatch(address) else ""
