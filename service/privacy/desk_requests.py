"""What a customer asks for at the desk: their visits are found by account or telephone, and copied.

A supervisor reaches the visits of their own areas, and must have signed in just now.
"""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, covers_area
from service.accounts.recent_sign_in import require_recent_sign_in
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import NotFound
from service.field_kinds import Cleaned, IdentifierText
from service.text import identifier_key
from service.visits.changes import Reason

from . import customers, export
from .customers import FoundVisit


class ExportRequest(Cleaned, frozen=True):
    """Whose data are copied, by account or telephone; which visits are theirs, as several people may share a telephone
    and a number may have been another's; and why."""

    customer: Annotated[IdentifierText, Meta(description="The account or telephone.")]
    reason: Annotated[Reason, Meta(description="Why, such as the number of the request.")]
    visits: Annotated[tuple[UUID, ...], Meta(min_length=1, description="The visits that are theirs.")]


@read_only
async def require_officer(ctx: AppContext, tx: Transaction, token: bytes) -> Person:
    """Who may export customers' data. PermissionDenied, SignInAgain."""
    person = await authenticate_token(tx, token)
    require_permission(person, "export customers")
    await require_recent_sign_in(ctx, tx, token)
    return person


async def find_visits(ctx: AppContext, token: bytes, text: str) -> list[FoundVisit]:
    """The visits of the person's areas whose customer has, or had, this account or telephone. NotFound if none."""
    person = await require_officer(ctx, token)
    found = await customers.find(ctx, text, by=("account", "phone"))
    return _of_areas(person, found)


async def export_visits(ctx: AppContext, token: bytes, request: ExportRequest) -> bytes:
    """The ZIP file with the visits that were chosen of those found (`export`). Each of them notes it as a look.
    NotFound if there are none."""
    person = await require_officer(ctx, token)
    found = [UUID(one.visit) for one in await find_visits(ctx, token, request.customer)]
    chosen = [one for one in found if one in request.visits]
    if not chosen:
        raise NotFound
    return await export.export_visits(ctx, chosen, person.login, request.reason)


def accounts_in(found: list[FoundVisit]) -> list[str]:
    """The accounts that visits have now, each once."""
    return list({identifier_key(one.account): one.account for one in found if one.account}.values())


def _of_areas(person: Person, found: list[FoundVisit]) -> list[FoundVisit]:
    own = [one for one in found if covers_area(person, one.area)]
    if not own:
        raise NotFound
    return own
