"""Many processes that start at once on one fresh file take turns."""

import os
import subprocess
from pathlib import Path

from .running import COMMAND, environment

TOGETHER, TIMES = 5, 2


def test_processes_that_start_together_on_a_fresh_file_all_start(tmp_path: Path) -> None:
    for time in range(TIMES):
        folder = tmp_path / str(time)
        add = [[*COMMAND, "person", "add", f"p{n}", "--name", "x", "--role", "technician"] for n in range(TOGETHER)]
        started = [
            subprocess.Popen(one, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for one in add
        ]
        ended = [(process.communicate(timeout=120)[1].decode(), process.returncode) for process in started]
        assert ended == [("", os.EX_OK)] * TOGETHER
