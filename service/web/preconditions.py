"""ETags in If-Match and If-None-Match (RFC 9110, 8.8.3 and 13.1).

An ETag of ours contains the number of a state. Proxies that compress make it weak (`W/"3"`) or add the coding to it
(`"3-gzip"`). The number still names exactly one state, so these are accepted where RFC 9110 would compare strongly:
otherwise a client behind such a proxy could never change anything.
"""

import re

from service.errors import InvalidHeader, PreconditionRequired

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"[ \t,]*(?:{_TAG.pattern}[ \t]*(?:,[ \t,]*|$))+")
_CODING = re.compile(r"[-;.:]{1,2}(?:gzip|br|zstd|deflate)$")
MAX_LENGTH = 2000  # characters of the header


def listed_tags(header: str) -> list[str]:
    """The opaque tags that a header lists, without what compression added; `*` is not one."""
    return [_CODING.sub("", tag) for tag in _TAG.findall(header[:MAX_LENGTH])]


def required_tags(if_match: str) -> frozenset[str]:
    """The states that If-Match names. PreconditionRequired without any; InvalidHeader for what is no list of ETags."""
    if if_match.strip() in ("", "*"):
        raise PreconditionRequired
    if len(if_match) > MAX_LENGTH or not _LIST.fullmatch(if_match.strip()):
        raise InvalidHeader('If-Match 须为带引号的 ETag，如 "3" / If-Match is an ETag in quotes, such as "3"')
    return frozenset(listed_tags(if_match))
