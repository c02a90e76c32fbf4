"""The form of a plan: its fields as text, and the plan or change that they mean."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.errors import FieldError, InvalidBody
from service.judge.moments import in_zone
from service.judge.visit import Window
from service.web.form_dates import parse_date, parse_time

from .views import VisitView
from .wishes import Wish

CREW, FACT = "crew:", "fact:"
"""Prefixes of the boxes for people of the crew and for facts that are known beforehand."""
LONGEST_NIGHT = timedelta(hours=12)
"""An end before the start is on the next day, but not where that is more likely a slip: 10:00 to 9:00."""
Form = Mapping[str, str]


def window_of(form: Form, zone: ZoneInfo) -> dict[str, datetime] | None:
    """The time in the fields `date`, `from` and `to`; None when all but the date are empty. InvalidBody."""
    if not form.get("from") and not form.get("to"):
        return None
    day = parse_date(form, "date")
    found = {name: datetime.combine(day, parse_time(form, name), zone) for name in ("from", "to")}
    if found["to"] < found["from"]:  # a night
        found["to"] += timedelta(days=1)
    if not timedelta() < found["to"] - found["from"] <= LONGEST_NIGHT:
        raise InvalidBody("", (FieldError("/window/to", "before-from", ""),))
    return found


def day_of(form: Form) -> date | None:
    """The day in the field `date`, if it can be read."""
    try:
        return parse_date(form, "date")
    except InvalidBody:
        return None


def plan_of(form: Form, zone: ZoneInfo) -> dict[str, Any]:
    """The plan that the fields mean, as the API takes it. InvalidBody."""
    text = {name: value.strip() for name, value in form.items()}
    plan: dict[str, Any] = {
        "type": text.get("type", ""),
        "window": window_of(text, zone),
        "technician": text.get("technician", ""),
        "crew": crew_of(form),
        "area": text.get("area") or None,
        "customer": customer_of(text),
        "work": {name: text.get(name, "") for name in ("content", "place")},
        "assigned": {name.removeprefix(FACT): True for name in form if name.startswith(FACT)},
        "exempt_reason": text.get("exempt_reason") or None,
        "external_ref": text.get("external_ref") or None,
    }
    missing = [name for name in ("type", "technician") if not plan[name]]
    missing += [name for name in ("name", "content") if not text.get(name)]
    if missing:
        raise InvalidBody("", tuple(FieldError(f"/{name}", "missing", "") for name in missing))
    return {name: value for name, value in plan.items() if value not in (None, [], {})}


def customer_of(text: Form) -> dict[str, str]:
    """The customer's fields that have a value."""
    return {name: text[name].strip() for name in ("name", "phone", "address", "account") if text.get(name, "").strip()}


def crew_of(form: Form) -> list[str]:
    """The logins whose boxes are ticked."""
    return [name.removeprefix(CREW) for name in form if name.startswith(CREW)]


def form_of(visit: VisitView, zone: ZoneInfo) -> dict[str, str]:
    """The fields as a visit has them now."""
    form = {
        "technician": visit.technician,
        "name": visit.customer.name,
        "phone": visit.customer.phone,
        "address": visit.customer.address,
        "account": visit.customer.account,
        "content": visit.work.content,
        "place": visit.work.place,
        "external_ref": visit.external_ref or "",
        **{CREW + login: "on" for login in visit.crew},
    }
    return form | (_time_fields(visit.window, zone) if visit.window is not None else {})


def form_of_wish(wish: Wish | None, zone: ZoneInfo) -> dict[str, str]:
    """The fields that move a visit to the time that its customer chose; none where they chose none."""
    if wish is None or wish.window is None:
        return {}
    return {**_time_fields(wish.window, zone), "reason": "应客户要求"}


def _time_fields(window: Window, zone: ZoneInfo) -> dict[str, str]:
    start, end = in_zone(window.start, zone), in_zone(window.end, zone)
    return {"date": start.date().isoformat(), "from": f"{start:%H:%M}", "to": f"{end:%H:%M}"}
