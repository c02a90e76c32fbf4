"""When technicians have nothing to do yet: what a dispatcher may plan with one click."""

from datetime import date

from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.visits.free_times import FIRST_HOUR, HOUR, LAST_HOUR, FreeTime, free_times, past, span_of, windows_of


@read_only
async def free_times_of(ctx: AppContext, tx: Transaction, token: bytes, day: date, login: str) -> tuple[FreeTime, ...]:
    """When a technician has no visit yet on a day, alone or in a crew."""
    person = await authenticate_token(tx, token)
    require_permission(person, "plan a visit")
    busy = [span_of(day, window) for window in await windows_of(ctx, tx, login, day, 1)]
    return free_times([past(day, ctx.now()), *busy], FIRST_HOUR * HOUR, LAST_HOUR * HOUR)
