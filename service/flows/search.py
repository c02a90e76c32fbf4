"""Finding visits by a part of a name, account, address, phone or work order number.

The rarest grams of the query lead to candidates; each is held against the query itself, and against what is wanted.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from service.domain.errors import InvalidQuery
from service.domain.grams import grams, normal, whole_grams
from service.storage import board
from service.storage import search as rows
from service.storage.board import Posted, Wanted
from service.storage.database import Tx
from service.storage.search import Found

from .judging import plans
from .standing import texts

LONGEST = 100  # characters of a query
SOME = 200  # candidates looked at in one go
MOST = 2000  # in one request; then the cursor goes on from there


async def find(tx: Tx, wanted: Wanted, text: str, after: str | None, size: int) -> tuple[list[Posted], str | None]:
    """The next visits, and the cursor behind them if there may be more."""
    query = normal(text)
    if not query or len(query) > LONGEST:
        raise InvalidQuery(f"`q` has 1 to {LONGEST} characters")
    place = _read(after) if after else (UUID(int=0), query)  # of what begins so, nothing comes before the query itself
    pieces = whole_grams(query)
    rarest = await rows.rarest(tx, pieces) if pieces else []
    found: list[Posted] = []
    looked = 0
    while looked < MOST:
        some = (
            await rows.with_grams(tx, rarest, place[0], SOME)
            if pieces
            else await rows.with_prefix(tx, query, place, SOME)
        )
        for candidate in some:
            place = candidate
            looked += 1
            posted = await board.posted(tx, candidate[0])
            if posted and _wanted(wanted, posted) and _contains(posted, query, None if pieces else candidate[1]):
                found.append(posted)
                if len(found) == size:
                    return found, _write(place)
        if len(some) < SOME:
            return found, None
    return found, _write(place)


def _wanted(wanted: Wanted, posted: Posted) -> bool:
    return (
        (wanted.areas is None or posted.area in wanted.areas)
        and wanted.technician in (None, posted.technician, *posted.crew)
        and wanted.type in ("", posted.type)
        and wanted.state in ("", posted.state)
        and wanted.from_at <= posted.planned_at < wanted.to_at
    )


def _contains(posted: Posted, query: str, gram: str | None) -> bool:
    """Whether one of its texts has the query; found by a beginning, only at the first gram that begins so."""
    parts = texts(plans.decode(posted.plan))
    if not any(query in part for part in parts):
        return False
    return gram is None or gram == min(one for one in grams(parts) if one.startswith(query))


def _write(place: Found) -> str:
    return urlsafe_b64encode(place[0].bytes + place[1].encode()).decode().rstrip("=")


def _read(text: str) -> Found:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        gram = raw[16:].decode()
        if "\0" in gram:
            raise ValueError  # noqa: TRY301
        return UUID(bytes=raw[:16]), gram
    except ValueError:
        raise InvalidQuery("`after` is not a cursor of this list") from None
