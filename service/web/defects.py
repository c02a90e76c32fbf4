"""What nobody foresaw: logged so that it can be found, and kept to the one visit that it is about."""

from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import UUID

import structlog

from service.context import AppContext
from service.errors import Problem

T = TypeVar("T")


def error_trace(error: BaseException) -> dict[str, Any]:
    """What may be logged of an exception: kinds of errors and places in the code.

    Messages of exceptions are left out: database drivers put values of rows into them, and those are personal data.
    """
    kinds: list[str] = []
    places: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 5:
        kinds.append(type(cause).__name__)
        trace = cause.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        cause = cause.__cause__ or cause.__context__
    return {"errors": kinds, "trace": places[-40:]}


async def or_unreadable(ctx: AppContext, visit_id: UUID, made: Awaitable[T]) -> T | None:
    """What is made of one visit among others; None when it cannot be made, so that the others are still shown.

    That is a defect and logged as one, with the visit's id. When the database is away, nothing can be said of any.
    """
    try:
        return await made
    except ctx.db.failures:
        raise
    except Exception as error:  # whatever its rows make of themselves
        if isinstance(error, Problem) and error.status >= 500:
            raise
        structlog.get_logger("doorstep").error("defect", visit=str(visit_id), **error_trace(error))
        return None
