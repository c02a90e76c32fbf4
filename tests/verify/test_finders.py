"""Each kind of leaf that the code writes has a function that finds its row, also where a command serves nothing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import service

LIST = (
    "import json, service.lifecycle; from service.audit_log import sources; print(json.dumps(sorted(sources._finders)))"
)


def test_every_kind_of_leaf_has_a_finder() -> None:
    texts = [path.read_text("utf-8") for path in Path(service.__file__).parent.rglob("*.py")]
    call = r'(?:columns_leaf|leaf_insert|append_leaf)\(\s*(?:tx,\s*)?"([a-z.]+)"'
    written = {kind for text in texts for kind in re.findall(call, text)} | {"access", "key", "act"}
    assert {"message", "input", "scan", "visit.planned"} <= written
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    assert written - set(json.loads(done.stdout)) == set()
