"""Unexpected errors: logged without personal data, and limited to the visit that they concern."""

from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import UUID

import structlog

from service.context import AppContext
from service.errors import Problem
from service.measurements import DEFECTS

T = TypeVar("T")


def error_trace(error: BaseException) -> dict[str, Any]:
    """What may be logged of an exception: its types and places in the code.

    Messages are left out: database drivers put values of rows into them, and those are personal data. It is counted.
    """
    DEFECTS.inc()
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


async def or_unreadable(ctx: AppContext, visit_id: UUID, result: Awaitable[T]) -> T | None:
    """The result for one visit of a list; None, and an error in the log, when it fails, so that the others are shown.

    Errors of the database are raised: they concern all visits.
    """
    try:
        return await result
    except ctx.db.failures:
        raise
    except Exception as error:
        if isinstance(error, Problem) and error.status >= 500:
            raise
        structlog.get_logger("doorstep").error("defect", visit=str(visit_id), **error_trace(error))
        return None
