"""What the forms of the appointment do: agree to the time, or ask for another."""

from service.visits.customer_answers import AnswerInput, CustomerSubmission, RescheduleRequest
from service.web.form_fields import FormData, FormError, max_length, parse_datetime
from service.web.language import PageText

from . import answering, reschedule_wish
from .form_state import Visitor


async def confirm_appointment(visitor: Visitor, fields: FormData) -> str:
    """One button: I agree to the time that I saw."""
    yes = AnswerInput(item="appointment_agreed", good=True)
    answers = CustomerSubmission(answers=(yes,), window_from=parse_datetime(fields, "window"))
    await answering.submit_answers(visitor.ctx, visitor.token, answers)
    return ""


async def request_reschedule(visitor: Visitor, fields: FormData) -> str:
    """A wish for another time. Nothing chosen and nothing written is no wish: a slip of the finger moves no visit."""
    seen, own = parse_datetime(fields, "window"), max_length(fields, "wish", reschedule_wish.MAX_WORDS)
    wish = reschedule_wish.join_wish(fields.get("when", ""), own)
    if not wish:
        raise FormError(PageText("请选一个，或写您方便的时间"))
    answers = CustomerSubmission(another_time=RescheduleRequest(wish), window_from=seen)
    await answering.submit_answers(visitor.ctx, visitor.token, answers)
    return ""
