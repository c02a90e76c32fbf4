"""The desk's page of webhooks."""

import msgspec

from service.config.loading import load_settings
from tests.support.api_client import World
from tests.support.desk import signed_in


async def test_without_receivers_it_says_how_one_is_set_up(world: World):
    admin = await signed_in(world, "admin")
    page = (await admin.get("/desk/webhooks")).text
    assert "还没有接收方" in page
    assert "<table" not in page
    lines = page.partition("<pre>")[2].partition("</pre>")[0].splitlines()
    given = {name: value for name, _, value in (line.partition("=") for line in lines)}
    given["DOORSTEP_WEBHOOK_SECRETS"] = given["DOORSTEP_WEBHOOK_SECRETS"].replace(
        "…", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )
    assert msgspec.structs.asdict(load_settings(given))["webhooks"] == ("gis=https://gis.example/in",)
