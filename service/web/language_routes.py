"""The switch between the languages of a page. It works without JavaScript and leads back to the page."""

from litestar import post
from litestar.types import ASGIApp

from service.errors import BodyTooLarge, InternalError, InvalidBody, TooManyRequests, WrongMediaType

from .endpoint import AnyRequest, Bytes, RouteMetadata
from .forms import read_form
from .language import language_cookie
from .templates import SWITCHABLE, redirect

SWITCH = RouteMetadata(
    tag="pages",
    summary="Show pages in this language from now on",
    request_body=Bytes(
        "application/x-www-form-urlencoded", "`language`: `zh` or `en`; `back`: the address of the page."
    ),
    responses={303: None},
    problems=(InvalidBody, BodyTooLarge, WrongMediaType, TooManyRequests, InternalError),
    public=True,
)


@post("/language", status_code=303, opt={"says": SWITCH})
async def switch_language(request: AnyRequest) -> ASGIApp:
    """Remember the language, and go back to the page."""
    fields = await read_form(request)
    language, back = fields.get("language"), fields.get("back", "")
    if language not in ("zh", "en") or not SWITCHABLE.fullmatch(back):
        raise InvalidBody("name a language and an address of this site")
    return redirect(back, (language_cookie(language),))


ROUTES = (switch_language,)
