"""Where gateways report what became of messages."""

from litestar import Controller, post
from litestar.params import JSONBody, RawBody

from service.accounts.caller import Context, limit_by_address
from service.errors import PermissionDenied
from service.web.api_document import PUBLIC, PUBLIC_ERRORS, example, problems
from service.web.request import AnyRequest
from service.web.strict_body import StrictBody

from .reports import DeliveryReports, ReportsTaken, require_gateway, take_reports

_ID = "01956e2c-8a00-7000-8000-000000000001"


class DeliveryReportsController(Controller):
    """Reports of the gateway for messages."""

    tags = ("messages",)
    return_dto = None

    @post(
        "/v1/delivery-reports",
        summary="What became of messages, reported by the gateway",
        status_code=200,
        opt={"exclude_from_auth": True},
        guards=[limit_by_address],
        security=PUBLIC,
        request_max_body_size=8192,
        dto=StrictBody[DeliveryReports],
        operation_class=example(
            {"reports": [{"id": _ID, "state": "delivered", "reason": "DELIVRD"}]}, ReportsTaken(1, 0)
        ),
        responses=problems(*PUBLIC_ERRORS, PermissionDenied),
    )
    async def take_delivery_reports(
        self, request: AnyRequest, context: Context, data: JSONBody[DeliveryReports], body: RawBody
    ) -> ReportsTaken:
        """The gateway names the secret of the setting `DOORSTEP_SMS_REPORTS`: as `Authorization: Bearer …`, or by
        `X-Signature`, the HMAC-SHA-256 of the body with it, in hex. Reports may come several times and in any order;
        what was delivered stays so. Unknown messages are ignored."""
        headers = request.headers
        require_gateway(context, headers.get("authorization", ""), headers.get("x-signature", ""), body)
        return await take_reports(context, data)


ROUTES = (DeliveryReportsController,)
