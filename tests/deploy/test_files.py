"""The files of deploy/ name settings, files and commands that exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from service.cli.main import _parser
from service.config.described import describe_settings
from service.config.loading import load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KNOWN = {one.variable for one in describe_settings()}


def test_every_setting_in_them_exists() -> None:
    for file in DEPLOY.iterdir():
        if file.is_file():
            named = set(re.findall(r"\bDOORSTEP_[A-Z_]+\b", file.read_text("utf-8")))
            assert named <= KNOWN, file.name


def settings_in(text: str) -> dict[str, str]:
    lines = (line.lstrip("#") for line in text.splitlines())
    return dict(line.partition("=")[::2] for line in lines if re.match(r"DOORSTEP_[A-Z_]+=", line))


def test_the_sample_of_settings_can_be_used_with_all_that_it_suggests() -> None:
    sample = settings_in((DEPLOY / "doorstep.env.example").read_text("utf-8"))
    assert len(sample) > 15
    assert load_settings(sample).public_url == "https://doorstep.example"


def test_units_and_the_image_run_commands_that_exist() -> None:
    for name in ("doorstep.service", "doorstep-backup.service"):
        command = re.search(
            r"^ExecStart=/opt/doorstep/bin/doorstep (.*)$", (DEPLOY / name).read_text("utf-8"), re.MULTILINE
        )
        assert command is not None
        _parser().parse_args(command[1].split())
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    _parser().parse_args(services["backup"]["command"])
    image = (DEPLOY / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8")
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", image, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists()
            assert f"!{source.removeprefix('./')}\n" in ignored
    for volume in (one for service in services.values() for one in service.get("volumes", ()) if one.startswith("./")):
        source = volume.partition(":")[0]
        assert source == "./certificates" or (DEPLOY / source).exists(), volume


def test_the_wrapper_reads_settings_as_systemd_does(tmp_path: Path) -> None:
    lines = [
        "# a comment",
        "DOORSTEP_PRICE_LIST=DN15 120 元; $(id) & more",
        'DOORSTEP_COMPANY="虚构 公司"',
        "A=s3://x?a=b&c=d",
    ]
    (tmp_path / "settings").write_text("\n".join(lines), "utf-8")
    names = "['DOORSTEP_PRICE_LIST', 'DOORSTEP_COMPANY', 'A']"
    code = f"import os, sys; print(*map(os.environ.get, {names}), *sys.argv[1:])"
    environment = {
        "SETTINGS": str(tmp_path / "settings"),
        "PROGRAM": sys.executable,
        "ACCOUNT": "",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        ["sh", str(DEPLOY / "doorstep-command"), "-c", code, "two words"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "DN15 120 元; $(id) & more 虚构 公司 s3://x?a=b&c=d two words\n"


@pytest.mark.parametrize("name", ["deployment", "backup", "operations", "security"])
def test_manuals_are_there_in_both_languages_and_link_to_files_that_exist(name: str) -> None:
    for file in (ROOT / "docs" / f"{name}.md", ROOT / "docs" / f"{name}.en.md"):
        text = file.read_text("utf-8")
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (file.parent / link).exists(), (file.name, link)
        for path in re.findall(r"(?<!tests/)\b(deploy/[\w.-]+|scripts/[\w-]+)", text):
            assert (ROOT / path).exists(), (file.name, path)


def test_every_test_that_shows_a_chapter_of_asvs_exists() -> None:
    table = (ROOT / "docs" / "security.md").read_text("utf-8").partition("ASVS 5.0")[2]
    there = set(
        re.findall(r"def (test_\w+)", "".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("*/*.py")))
    )
    there |= set(
        re.findall(r"def (test_\w+)", "".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("*.py")))
    )
    named = re.findall(r"`(test_\w+)`", table)
    assert len(named) > 50
    assert set(named) <= there


OUTGOING = {
    "accounts/external_sign_in.py": "DOORSTEP_OIDC_ISSUER DOORSTEP_WECOM_API",
    "blobs/s3_store.py": "DOORSTEP_BLOBS",
    "db/postgres.py": "DOORSTEP_DATABASE",
    "db/postgres_tools.py": "DOORSTEP_DATABASE",
    "messages/gateways.py": "DOORSTEP_SMS_URL DOORSTEP_SMTP",
    "transparency/bucket.py": "DOORSTEP_CHECKPOINTS",
    "transparency/witness.py": "DOORSTEP_CHECKPOINTS",
    "webhooks/worker.py": "DOORSTEP_WEBHOOKS",
}
"""The modules that connect to others, and the settings that say to whom."""


def test_the_manual_lists_every_address_that_the_service_calls() -> None:
    connects = re.compile(
        r"send_request\(|^import asyncpg|aiosmtplib\.(?:send|SMTP)\(|S3Store\(|urlopen\(|"
        r"open_connection\(|create_connection\(|^import requests",
        re.MULTILINE,
    )
    found = {
        str(path.relative_to(ROOT / "service"))
        for path in (ROOT / "service").rglob("*.py")
        if connects.search(path.read_text("utf-8")) and path.name not in ("outgoing.py", "postgres_failures.py")
    }
    assert found == OUTGOING.keys()
    for name in ("deployment.md", "deployment.en.md"):
        rows = re.findall(r"^\|[^|]+\|([^|]+)\|[^|]+\|$", (ROOT / "docs" / name).read_text("utf-8"), re.MULTILINE)
        listed = set(re.findall(r"DOORSTEP_[A-Z_]+", " ".join(rows)))
        assert set(" ".join(OUTGOING.values()).split()) <= listed, name


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "docs").glob("*.md"))])
def test_the_documents_name_settings_that_exist(name: str) -> None:
    named = set(re.findall(r"\bDOORSTEP_[A-Z_]*[A-Z]\b(?!…)", (ROOT / "docs" / name).read_text("utf-8")))
    assert named <= KNOWN


@pytest.mark.parametrize("name", ["deployment", "backup", "operations", "sign-in", "monitoring"])
def test_whoever_reads_chinese_is_sent_to_no_english_page(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "docs" / f"{name}.md").read_text("utf-8"))
    assert [link for link in links if ".en.md" in link] == [f"{name}.en.md"]
