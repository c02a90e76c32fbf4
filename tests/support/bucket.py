"""A real S3 API on this machine, for tests."""

import socket
from typing import Any

import httpx
from moto.server import ThreadedMotoServer


class Bucket:
    """A real S3 API on this machine, which can be stopped and started."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()
        assert httpx.put(f"{self.endpoint}/photos").status_code == 200

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"s3://photos/east?endpoint={self.endpoint}&region=us-east-1"

    def start(self) -> None:
        self.server: Any = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()
