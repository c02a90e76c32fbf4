"""Devices: enrolled by a code, listed, revoked; a device asks for its next token."""

from litestar import delete, get, post
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import NotFound, TooManyDevices, UnknownCode, UnknownPerson
from service.web.endpoint import (
    CHANGES,
    READS,
    STRANGERS,
    WRITES,
    AnyRequest,
    Parameter,
    Says,
    body_of,
    house_of,
    id_of,
    query_of,
)
from service.web.request_info import address_of
from service.web.responses import Answer, answer

from . import enrolment
from .enrolment import DevicePage, Enrol, Enrolled, Enrolment, NewDevice, NewToken

ENROL = Says(
    tag="devices",
    summary="A one-time code for a technician's phone, good for ten minutes",
    takes=Enrol,
    gives={201: Enrolment},
    problems=(*WRITES, UnknownPerson),
)
REGISTER = Says(
    tag="devices",
    summary="A phone gives its code and gets its token",
    takes=NewDevice,
    gives={201: Enrolled},
    problems=(*STRANGERS, UnknownCode, TooManyDevices),
    public=True,
)
PAGE = Says(
    tag="devices",
    summary="My devices, and those of the people whom I oversee",
    gives={200: DevicePage},
    query={"after": Parameter("The cursor of the page before.")},
    problems=READS,
)
REVOKE = Says(
    tag="devices",
    summary="Revoke a device: it is out with its next request",
    gives={204: None},
    problems=(*CHANGES, NotFound),
)
RENEW = Says(
    tag="devices",
    summary="The next token of the device that asks; the old one is good until the new one is first used",
    gives={201: NewToken},
    problems=(*CHANGES, NotFound),
)


@post("/v1/enrolments", opt={"says": ENROL})
async def enrol_device(request: AnyRequest) -> ASGIApp:
    """A one-time code for a phone."""
    return answer(await enrolment.enrol(*caller(request), await body_of(request)), 201)


@post("/v1/devices", opt={"says": REGISTER})
async def register_device(request: AnyRequest) -> ASGIApp:
    """A phone gives its code."""
    return answer(await enrolment.register(house_of(request), address_of(request.scope), await body_of(request)), 201)


@get("/v1/devices", opt={"says": PAGE})
async def list_devices(request: AnyRequest) -> ASGIApp:
    """My devices, and those of the people whom I oversee."""
    return answer(await enrolment.page(*caller(request), query_of(request, PAGE).get("after")))


@delete("/v1/devices/{device_id:str}", status_code=200, opt={"says": REVOKE})
async def revoke_device(request: AnyRequest) -> ASGIApp:
    """Revoke a device."""
    await enrolment.revoke(*caller(request), id_of(request, "device_id"))
    return Answer(204, b"", ((b"cache-control", b"no-store"),))


@post("/v1/devices/{device_id:str}/token", opt={"says": RENEW})
async def renew_token(request: AnyRequest) -> ASGIApp:
    """The next token of a device."""
    return answer(await enrolment.renew(*caller(request), id_of(request, "device_id")), 201)


ROUTES = (enrol_device, register_device, list_devices, revoke_device, renew_token)
