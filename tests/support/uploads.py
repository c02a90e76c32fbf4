"""A client of tus 1.0, request by request."""

from base64 import b64encode

import httpx

from tests.support.api_client import World
from tests.support.pictures import name, noise

PHOTO = noise((400, 300))


def metadata_header(raw: bytes) -> str:
    return f"filename {b64encode('照片.jpg'.encode()).decode()},sha256 {b64encode(name(raw).encode()).decode()}"


async def create_upload(world: World, raw: bytes = PHOTO, who: str = "li", **more: str) -> httpx.Response:
    headers = {"tus_resumable": "1.0.0", "upload_length": str(len(raw)), "upload_metadata": metadata_header(raw)} | more
    return await world.ask(who, "POST", "/v1/uploads", **headers)


async def send_part(world: World, path: str, offset: int, data: bytes, who: str = "li", **more: str) -> httpx.Response:
    headers = {
        "tus_resumable": "1.0.0",
        "upload_offset": str(offset),
        "content_type": "application/offset+octet-stream",
    } | more
    return await world.ask(who, "PATCH", path, data, **headers)


async def upload_state(world: World, path: str, who: str = "li") -> httpx.Response:
    return await world.ask(who, "HEAD", path, tus_resumable="1.0.0")
