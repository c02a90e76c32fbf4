"""The command line, as a person runs it."""

import argparse
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.checklists.loader import bundled_checklists_dir
from service.cli.main import _parser
from service.lifecycle import uuid7
from tests.support.command_line import bearer_headers, run_command
from tests.support.example_visits import FOLDER, NAMES, story
from tests.support.factories import a_record, said, uid
from tests.support.running import COMMAND, hired, plan, running


def test_judge_gives_the_findings_of_the_examples_in_the_order_given(tmp_path: Path):
    files = [str(FOLDER / f"{name}.json") for name in reversed(NAMES)]
    done = run_command("judge", *files, data=tmp_path)
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["visit"] for line in lines] == list(reversed(NAMES))
    for name, line in zip(reversed(NAMES), lines, strict=True):
        expected = story(name)[1]
        assert line["verdict"] == expected["verdict"]
        assert sorted(f"{one['severity']} {one['code']}" for one in line["findings"]) == sorted(expected["findings"])
    assert list(tmp_path.iterdir()) == []


def test_judge_goes_on_after_a_bundle_that_cannot_be_read(tmp_path: Path):
    good = json.dumps(json.loads((FOLDER / f"{NAMES[0]}.json").read_bytes()), ensure_ascii=False)
    bad = ["{", '{"visit": 1}', good.replace("onsite@1", "onsite@77"), '"\\ud800"']
    done = run_command("judge", "-", data=tmp_path, given="\n".join([good, "", *bad, good]))
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        f"standard input, line {number}" for number in (3, 4, 5, 6)
    ]
    assert "Traceback" not in done.stderr
    missing = run_command("judge", "nothing.json", str(FOLDER / f"{NAMES[0]}.json"), data=tmp_path)
    assert (missing.returncode, len(missing.stdout.splitlines())) == (2, 1)
    assert "nothing.json: cannot be read" in missing.stderr


def test_judge_takes_any_number_of_bundles_in_constant_memory(tmp_path: Path):
    line = json.dumps(json.loads((FOLDER / f"{NAMES[0]}.json").read_bytes()), ensure_ascii=False).encode() + b"\n"
    peaks = []
    # VmHWM, not ru_maxrss: that one starts from the memory of the process that forked
    code = "import re, sys; from service.cli.main import main; main(['judge', '-'])"
    code += "; sys.stderr.write(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    for number in (50, 5000):
        done = subprocess.run([sys.executable, "-c", code], input=line * number, capture_output=True, check=True)
        assert done.stdout.count(b"\n") == number
        peaks.append(int(done.stderr))
    assert peaks[1] < peaks[0] * 1.05


def test_judge_ends_quietly_when_its_reader_has_enough(tmp_path: Path):
    line = (FOLDER / f"{NAMES[0]}.json").read_text("utf-8").replace("\n", " ") + "\n"
    (tmp_path / "many").write_text(line * 2000, "utf-8")
    command = f"{sys.executable} -m service judge - < {tmp_path / 'many'} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_adding_a_person_makes_a_fresh_folder_ready_and_prints_one_object(tmp_path: Path):
    (tmp_path / "new").mkdir()
    given = ("--name", "李强", "--role", "technician", "--area", "城东", "--token")
    done = run_command("person", "add", "li", *given, data=tmp_path / "new")
    assert done.returncode == 0, done.stderr
    added = json.loads(done.stdout)
    assert added["person"] == {"login": "li", "name": "李强", "roles": ["technician"], "areas": ["城东"]}
    assert len(added["token"]) >= 43
    assert len(added["code"]) == 22
    invited = json.loads(run_command("person", "invite", "li", "--reset", data=tmp_path / "new").stdout)
    assert invited["person"] == added["person"]
    assert invited["code"] != added["code"]
    assert run_command("person", "invite", "nobody", data=tmp_path / "new").returncode == 1
    again = run_command("person", "add", "li", *given, data=tmp_path / "new")
    assert (again.returncode, again.stdout) == (1, "")
    assert "li" in again.stderr
    assert run_command("person", "add", "x", "--name", "x", "--role", "king", data=tmp_path).returncode == 2
    for wrong in (("..",), ("LI",), ("b", "--name", "\u200b"), ("c", "--badge", "x" * 101), ("d", "--area", " ")):
        refused = run_command("person", "add", *given, *wrong, data=tmp_path / "new")
        assert (refused.returncode, refused.stdout, "Traceback" in refused.stderr) == (1, "", False), wrong


def test_a_misspelt_setting_is_refused_with_a_plain_message(tmp_path: Path):
    done = run_command("verify", data=tmp_path, DOORSTEP_PROT="1")
    assert done.returncode == 2
    assert "DOORSTEP_PROT" in done.stderr
    assert "Traceback" not in done.stderr


def all_help(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The help of every command and option."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (one.help or "" for one in action._choices_actions)
            for command in action.choices.values():
                yield from all_help(command)
        elif action.help and not isinstance(action, argparse._HelpAction):
            yield action.help


def test_the_help_is_in_chinese_first_and_english_second():
    texts = list(all_help(_parser()))
    assert len(texts) > 50
    assert [text for text in texts if not re.fullmatch(r".*[\u4e00-\u9fff].* / [^\u4e00-\u9fff]+", text)] == []


def test_the_shipped_checklist_has_no_faults_and_is_published_once(tmp_path: Path):
    assert run_command("lint", data=tmp_path).returncode == 0
    done = run_command("publish", "--who", "王", "--why", "again", data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published_by"] == "doorstep"
    other = tmp_path / "other"
    other.mkdir()
    for file in bundled_checklists_dir().glob("*.toml"):
        (other / file.name).write_bytes(file.read_bytes())
    (other / "published.toml").unlink(missing_ok=True)
    (other / "questions.toml").write_text((other / "questions.toml").read_text("utf-8").replace("？", "??"), "utf-8")
    refused = run_command("publish", str(other), "--who", "王", "--why", "wording", data=tmp_path)
    assert refused.returncode == 1
    assert "onsite@1" in refused.stderr
    assert run_command("lint", str(tmp_path / "nothing"), data=tmp_path).returncode == 1


def test_commands_that_serve_nothing_load_no_web_framework():
    needed = "service.cli.main, service.lifecycle, service.staff.people, service.verify.log"
    for modules, loads in ((needed, False), (f"{needed}, service.server", True)):  # the server is the control
        code = f"import sys, {modules}; print('litestar' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == f"{loads}\n"


def test_openapi_is_printed(tmp_path: Path):
    assert json.loads(run_command("openapi", data=tmp_path).stdout)["openapi"] == "3.1.0"


@pytest.fixture
def server(tmp_path: Path):
    """The service with its demonstration data, as its own process: (process, address, tokens)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DOORSTEP_DATA": str(tmp_path / "data"),
        "DOORSTEP_PORT": str(port),
        "DOORSTEP_LOG": "json",
    }
    process = subprocess.Popen(
        [*COMMAND, "serve", "--demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    tokens = {}
    for line in iter(process.stdout.readline, b""):
        words = line.decode().split()
        if len(words) == 2 and len(words[1]) == 43:
            tokens[words[0]] = words[1]
        if line.startswith(b"Doorstep"):
            break
    yield process, f"http://127.0.0.1:{port}", tokens
    process.kill()
    process.communicate()


def test_the_demonstration_is_ready_to_be_asked(server):
    _, address, tokens = server
    assert len(tokens) == 13
    assert {"zhao", "li", "wang", "admin"} < set(tokens)
    visits = httpx.get(f"{address}/v1/visits", headers=bearer_headers(tokens["wang"]), timeout=60).json()["items"]
    assert len(visits) >= 6
    with httpx.Client(timeout=60) as client:
        for one in visits:
            judged = client.get(f"{address}/v1/visits/{one['id']}/judgement", headers=bearer_headers(tokens["wang"]))
            assert judged.status_code == 200


def test_a_stop_is_graceful_and_nothing_acknowledged_is_lost(tmp_path: Path):
    data = tmp_path / "data"
    zhao, li = hired(data, "zhao", "dispatcher"), hired(data, "li", "technician")
    with running(data) as server:
        assert plan(server, zhao, uid("v")).status_code == 201
        stalled = server.connect()
        head = f"PUT /v1/records/{uuid7()} HTTP/1.1\r\nHost: x\r\nAuthorization: {li['authorization']}\r\n"
        stalled.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        raw = a_record("r", uid("v"), said("09:05", "arrived"))
        assert server.client.put(f"/v1/records/{uid('r')}", content=raw, headers=li).status_code == 201
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
        assert time.monotonic() - begun < 10  # who sends too slowly is waited for for 30
        stalled.close()
    assert server.lines
    for line in server.lines:
        assert {"at", "level", "event"} <= set(json.loads(line))
    verified = run_command("verify", data=data)
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["faults"] == []


def test_verify_says_what_was_changed(tmp_path: Path):
    assert run_command("person", "add", "li", "--name", "李", "--role", "technician", data=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "doorstep.sqlite") as connection:
        connection.execute("DROP TRIGGER log_leaves_no_update")
        connection.execute("UPDATE log_leaves SET number = number + 5")
    verified = run_command("verify", data=tmp_path)
    assert verified.returncode == 1
    assert json.loads(verified.stdout)["faults"] == ["leaves 0 to 4 are missing from the log"]


def test_a_port_that_is_taken_is_a_plain_message(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_command("serve", "--port", str(taken.getsockname()[1]), data=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "已被别的程序占用" in done.stderr
