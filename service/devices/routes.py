"""Devices: enrolment with a one-time code, lists, revocation, and token renewal."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.params import FromPath, JSONBody

from service.accounts.caller import Caller, Context, limit_by_address, requires
from service.accounts.permissions import Person
from service.errors import InvalidOneTimeCode, NotFound, SignInAgain, TooManyDevices, UnknownPerson
from service.web.api_document import CHANGE_ERRORS, PUBLIC, PUBLIC_ERRORS, READ_ERRORS, WRITE_ERRORS, example, problems
from service.web.query import text_parameter
from service.web.request import AnyRequest
from service.web.request_info import client_ip
from service.web.strict_body import StrictBody, TolerantBody

from . import enrolment
from .enrolment import Device, DevicePage, EnrolledDevice, Enrolment, EnrolmentRequest, NewDevice, NewToken

_CODE, _TOKEN = "kM3v0sTq9m1vJx2bWc8yHw", "1pQd8Yw0b7cVtq3y6Zr2Kx9mNf4sLh5gTj8uEa0oIvU"
_NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
_DEVICE = Device(
    id="01956e2c-8a00-7000-8000-000000000001",
    person="li",
    name="李强的手机",
    signs=False,
    created_at=_NOON,
    code_by="wang",
    seen_at=_NOON,
    app="doorstep 1.2",
    revoked_at=None,
    revoked_by=None,
)


class DevicesController(Controller):
    """Technicians' phones."""

    tags = ("devices",)
    return_dto = None

    @post(
        "/v1/enrolments",
        summary="A one-time code for a technician's phone, valid for ten minutes",
        dto=StrictBody[EnrolmentRequest],
        guards=[requires("enrol a device")],
        operation_class=example(
            EnrolmentRequest("li"), Enrolment(_CODE, f"https://doorstep.example/enrol#{_CODE}", "<svg …/>", _NOON)
        ),
        responses=problems(*WRITE_ERRORS, UnknownPerson, SignInAgain),
    )
    async def enrol_device(self, caller: Caller, data: JSONBody[EnrolmentRequest]) -> Enrolment:
        """The technician scans the QR code with their phone, which sends the code to `POST /v1/devices`. Their earlier
        codes work until one of them is used."""
        return await enrolment.enrol(*caller, data)

    @post(
        "/v1/devices",
        summary="Exchange a one-time code for a token",
        opt={"exclude_from_auth": True},
        guards=[limit_by_address],
        security=PUBLIC,
        request_max_body_size=8192,
        dto=TolerantBody[NewDevice],
        operation_class=example(
            NewDevice(_CODE, "李强的手机"),
            EnrolledDevice(_DEVICE, _TOKEN, Person("li", "李强", ("technician",), ("城东",))),
        ),
        responses=problems(*PUBLIC_ERRORS, InvalidOneTimeCode, TooManyDevices),
    )
    async def register_device(self, request: AnyRequest, context: Context, data: JSONBody[NewDevice]) -> EnrolledDevice:
        """A phone that lost the answer repeats the request with the same code and key, and receives a new token."""
        return await enrolment.register_device(context, client_ip(request.scope), data)

    @get(
        "/v1/devices",
        summary="The caller's own devices, and those of the people they supervise",
        operation_class=example(answer=DevicePage((_DEVICE,), None)),
        responses=problems(*READ_ERRORS),
    )
    async def list_devices(
        self, caller: Caller, after: Annotated[str | None, text_parameter("The cursor of the previous page.")] = None
    ) -> DevicePage:
        """The oldest first, including revoked ones. A short page is not always the last one."""
        return await enrolment.page(*caller, after)

    @delete(
        "/v1/devices/{device_id:uuid}",
        summary="Revoke a device; its next request is refused",
        status_code=204,
        responses=problems(*CHANGE_ERRORS, NotFound),
    )
    async def revoke_device(self, caller: Caller, device_id: FromPath[UUID]) -> None:
        """Technicians may revoke their own phones; supervisors and admins those of the people they supervise.
        Idempotent."""
        await enrolment.revoke(*caller, device_id)

    @post(
        "/v1/devices/{device_id:uuid}/token",
        summary="The calling device's next token; the old one is valid until the new one is first used",
        operation_class=example(answer=NewToken(_TOKEN)),
        responses=problems(*CHANGE_ERRORS, NotFound),
    )
    async def renew_token(self, caller: Caller, device_id: FromPath[UUID]) -> NewToken:
        """Only for the device itself. If the answer is lost, repeat the request: a token that was never used is
        replaced."""
        return await enrolment.reissue_device_token(*caller, device_id)


ROUTES = (DevicesController,)
