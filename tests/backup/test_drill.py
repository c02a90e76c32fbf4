"""The drill of docs/backup.md with real processes: a server under load, a backup, a kill, a restore elsewhere."""

import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx

from tests.support.factories import a_record, said, uid
from tests.support.running import COMMAND, Running, environment, hired, plan, running

VISITS, PHONES = 20, 3
PAUSE = 0.03  # seconds between two records of a phone: a visit of hundreds would make the test slow, not better


class Load:
    """Phones that send records one after the other; which were acknowledged."""

    def __init__(self, server: Running, who: dict[str, str]) -> None:
        self.server, self.who = server, who
        self.acknowledged: list[str] = []
        self.enough = threading.Event()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(phone,)) for phone in range(PHONES)]

    def _send(self, phone: int) -> None:
        with httpx.Client(base_url=self.server.address, timeout=30) as client:
            for number in range(100_000):
                name = f"record {phone} {number}"
                raw = a_record(
                    name, uid(f"visit {number % VISITS}"), said("09:05", "arrived", id=str(uid(f"entry {name}")))
                )
                try:
                    answer = client.put(f"/v1/records/{uid(name)}", content=raw, headers=self.who)
                except httpx.TransportError:
                    return  # it was killed
                assert answer.status_code == 201, answer.text
                self.acknowledged.append(name)
                if len(self.acknowledged) >= 20:
                    self.enough.set()
                if self._stop.wait(PAUSE):
                    return

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        assert self.enough.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([*COMMAND, *arguments], env=environment(folder), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"\n") == 1  # one line for cron
    return json.loads(done.stdout)


def test_what_was_acknowledged_before_the_backup_is_there_after_it_was_restored_elsewhere(tmp_path: Path):
    data, restored = tmp_path / "data", tmp_path / "restored"
    office, phone = hired(data, "zhao", "dispatcher"), hired(data, "li", "technician")
    with running(data) as server:
        for number in range(VISITS):
            answer = plan(server, office, uid(f"visit {number}"), technician="li")
            assert answer.status_code == 201, answer.text
        with Load(server, phone) as load:
            cursor = server.client.get("/v1/agenda", headers=phone).json()["cursor"]
            before = list(load.acknowledged)
            made = run(data, "backup", str(tmp_path / "backups"))
            sent_meanwhile = len(load.acknowledged) - len(before)
            server.kill()
    assert (made["faults"], made["verified"]) == ([], True)
    assert sent_meanwhile > 0, "the backup was not made under load"
    shutil.copytree(data / "keys", restored / "keys")  # which are kept apart from backups
    report = run(restored, "restore", made["backup"])
    assert report["faults"] == []
    assert len(before) <= report["rows"]["records"] <= len(load.acknowledged) + PHONES
    with running(restored) as server:
        for name in before:
            assert server.client.get(f"/v1/records/{uid(name)}", headers=phone).status_code == 200, name
        again = server.client.get("/v1/agenda", params={"since": cursor}, headers=phone).json()
        assert again["full"]
        assert len(again["visits"]) == VISITS
        for name in load.acknowledged[-20:]:  # a phone sends again what it was not sure of
            number = int(name.split()[-1])
            raw = a_record(
                name, uid(f"visit {number % VISITS}"), said("09:05", "arrived", id=str(uid(f"entry {name}")))
            )
            assert server.client.put(f"/v1/records/{uid(name)}", content=raw, headers=phone).status_code in (200, 201)
        assert server.stop() == 0
    assert run(restored, "verify")["faults"] == []
