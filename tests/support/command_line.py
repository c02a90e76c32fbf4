"""Running commands, as a person does."""

import os
import subprocess
from pathlib import Path

from tests.support.running import COMMAND

WITHOUT_PRIVILEGES = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()


def run_command(
    *arguments: str, data: Path, given: str | bytes = "", any_user: bool = False, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command with a data folder of its own. With `any_user` root is only the owner of its files."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    environment |= {"DOORSTEP_DATA": str(data), **variables}
    sent = given.encode() if isinstance(given, str) else given
    done = subprocess.run(
        [*(WITHOUT_PRIVILEGES if any_user else ()), *COMMAND, *arguments],
        input=sent,
        capture_output=True,
        env=environment,
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def bearer_headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}
