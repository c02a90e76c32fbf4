"""Switches the language of pages. Works without JavaScript and returns to the page."""

from litestar import Controller, post
from litestar.response.base import ASGIResponse

from service.errors import BodyTooLarge, InternalError, InvalidBody, TooManyRequests, WrongMediaType

from .api_document import PUBLIC, form_operation, problems
from .forms import read_form
from .language import language_cookie
from .request import AnyRequest
from .templates import SWITCHABLE, redirect


class LanguageController(Controller):
    """The language of pages."""

    tags = ("pages",)
    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    security = PUBLIC

    @post(
        "/language",
        summary="Show pages in this language from now on",
        status_code=303,
        operation_class=form_operation("`language`: `zh` or `en`; `back`: the address of the page."),
        responses=problems(InvalidBody, BodyTooLarge, WrongMediaType, TooManyRequests, InternalError),
    )
    async def switch_language(self, request: AnyRequest) -> ASGIResponse:
        """Remember the language in a cookie, and go back to the page."""
        fields = await read_form(request)
        language, back = fields.get("language"), fields.get("back", "")
        if language not in ("zh", "en") or not SWITCHABLE.fullmatch(back):
            raise InvalidBody("name a language and an address of this site")
        return redirect(back, (language_cookie(language),))


ROUTES = (LanguageController,)
