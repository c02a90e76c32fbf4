"""What the forms of the appointment do: agree to the time, or ask for another."""

from service.visits.customer_answers import AnotherTime, Answered, Answers
from service.web.endpoint import AnyRequest, house_of
from service.web.form_fields import Fields, Lacking, moment, short

from . import answering
from .html_appointment import LONGEST, WISHES
from .routes import token_of


async def agree(request: AnyRequest, fields: Fields) -> str:
    """One button: I agree to the time that I saw."""
    yes = Answered(item="appointment_agreed", good=True)
    answers = Answers(answers=(yes,), window_from=moment(fields, "window"))
    await answering.take(house_of(request), token_of(request), answers)
    return ""


async def ask_for_another(request: AnyRequest, fields: Fields) -> str:
    """A wish for another time. Nothing chosen and nothing written is no wish: a slip of the finger moves no visit."""
    seen, own = moment(fields, "window"), short(fields, "wish", LONGEST)
    wish = "；".join([*(one.zh for one in WISHES if one.id == fields.get("when")), *filter(None, [own])])
    if not wish:
        raise Lacking("请选一个，或写您方便的时间", "Choose one, or write when it suits you")
    answers = Answers(another_time=AnotherTime(wish), window_from=seen)
    await answering.take(house_of(request), token_of(request), answers)
    return ""
