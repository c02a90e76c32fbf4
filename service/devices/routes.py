"""Devices: enrolled by a code, listed, revoked; a device asks for its next token."""

from litestar import delete, get, post
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import InvalidOneTimeCode, NotFound, TooManyDevices, UnknownPerson
from service.web.endpoint import (
    CHANGE_ERRORS,
    PUBLIC_ERRORS,
    READ_ERRORS,
    WRITE_ERRORS,
    AnyRequest,
    Parameter,
    RouteMetadata,
    body_of,
    context_of,
    id_of,
    query_of,
)
from service.web.request_info import client_ip
from service.web.responses import Answer, json_answer

from . import enrolment
from .enrolment import DevicePage, EnrolledDevice, Enrolment, EnrolmentRequest, NewDevice, NewToken

ENROL = RouteMetadata(
    tag="devices",
    summary="A one-time code for a technician's phone, good for ten minutes",
    request_body=EnrolmentRequest,
    responses={201: Enrolment},
    problems=(*WRITE_ERRORS, UnknownPerson),
)
REGISTER = RouteMetadata(
    tag="devices",
    summary="A phone gives its code and gets its token",
    request_body=NewDevice,
    responses={201: EnrolledDevice},
    problems=(*PUBLIC_ERRORS, InvalidOneTimeCode, TooManyDevices),
    public=True,
)
PAGE = RouteMetadata(
    tag="devices",
    summary="My devices, and those of the people whom I oversee",
    responses={200: DevicePage},
    query={"after": Parameter("The cursor of the page before.")},
    problems=READ_ERRORS,
)
REVOKE = RouteMetadata(
    tag="devices",
    summary="Revoke a device: it is out with its next request",
    responses={204: None},
    problems=(*CHANGE_ERRORS, NotFound),
)
RENEW = RouteMetadata(
    tag="devices",
    summary="The next token of the device that asks; the old one is good until the new one is first used",
    responses={201: NewToken},
    problems=(*CHANGE_ERRORS, NotFound),
)


@post("/v1/enrolments", opt={"says": ENROL})
async def enrol_device(request: AnyRequest) -> ASGIApp:
    """A one-time code for a phone."""
    return json_answer(await enrolment.enrol(*caller(request), await body_of(request)), 201)


@post("/v1/devices", opt={"says": REGISTER})
async def register_device(request: AnyRequest) -> ASGIApp:
    """A phone gives its code."""
    return json_answer(
        await enrolment.register_device(context_of(request), client_ip(request.scope), await body_of(request)), 201
    )


@get("/v1/devices", opt={"says": PAGE})
async def list_devices(request: AnyRequest) -> ASGIApp:
    """My devices, and those of the people whom I oversee."""
    return json_answer(await enrolment.page(*caller(request), query_of(request, PAGE).get("after")))


@delete("/v1/devices/{device_id:str}", status_code=200, opt={"says": REVOKE})
async def revoke_device(request: AnyRequest) -> ASGIApp:
    """Revoke a device."""
    await enrolment.revoke(*caller(request), id_of(request, "device_id"))
    return Answer(204, b"", ((b"cache-control", b"no-store"),))


@post("/v1/devices/{device_id:str}/token", opt={"says": RENEW})
async def renew_token(request: AnyRequest) -> ASGIApp:
    """The next token of a device."""
    return json_answer(await enrolment.reissue_device_token(*caller(request), id_of(request, "device_id")), 201)


ROUTES = (enrol_device, register_device, list_devices, revoke_device, renew_token)
