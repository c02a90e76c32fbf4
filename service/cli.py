"""The command line: `doorstep …`, or `python -m service …`.

Exit status: 0 on success, 1 on failure, 2 on wrong usage.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from service.accounts.validation import ROLES, NewPerson, normalized
from service.checklists.loader import bundled_checklists_dir
from service.config import Settings, SettingsError, describe_settings, load_settings
from service.db.migrate import DatabaseTooNew, NoDatabase, OlderDatabase
from service.errors import Problem
from service.private_files import create_privately
from service.web import access_log

if TYPE_CHECKING:
    from service.context import AppContext

T = TypeVar("T")
Command = Callable[[argparse.Namespace, Settings], int]

# A command imports what only it needs: loading everything takes a second, and `doorstep lint` a tenth of it.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command."""
    options = _parser().parse_args(arguments)
    create_privately()
    try:
        settings = load_settings(os.environ)
        access_log.configure_logging(settings.log, settings.log_level)
        command: Command = options.command
        return command(options, settings)
    except SettingsError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:  # the reader of our output has closed it; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Problem as problem:
        return _fail(f"{problem.title_zh} / {problem.title_en} {problem.detail}")
    except NoDatabase as error:
        zh, en = ("，或加 --create", ", or add --create") if "create" in options else ("", "")
        return _fail(
            f"{error}\n请核对 DOORSTEP_DATA 和 DOORSTEP_DATABASE；要新建，请先运行一次 doorstep serve{zh} / "
            f"check DOORSTEP_DATA and DOORSTEP_DATABASE; to make a new one start `doorstep serve` once{en}"
        )
    except _expected_errors() as error:
        return _fail(str(error))


def _expected_errors() -> tuple[type[Exception], ...]:
    from service.audit_log.notes import InvalidNote
    from service.backup.manifest import BackupError
    from service.checklists.publish import PublishError
    from service.checklists.source import ChecklistParseError
    from service.db.copies import CopyDamaged
    from service.db.postgres_tools import ToolFailed
    from service.demo.people import NotADemonstration
    from service.keys import KeyUnusable
    from service.staff.people import PersonError

    return (
        BackupError,
        ChecklistParseError,
        CopyDamaged,
        DatabaseTooNew,
        InvalidNote,
        KeyUnusable,
        NotADemonstration,
        OlderDatabase,
        OSError,
        PersonError,
        PublishError,
        ToolFailed,
    )


def _fail(text: str, status: int = 1) -> int:
    sys.stderr.write(f"doorstep: {text}\n")
    return status


def _print(content: object) -> int:
    sys.stdout.write(msgspec.json.encode(content).decode() + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    settings = "\n".join(f"  {name}  {text} [{default}]" for name, default, text in describe_settings())
    parser = argparse.ArgumentParser(
        prog="doorstep",
        description="上门: keeps records of visits and judges them by section 4.3.",
        epilog=f"Settings are environment variables:\n{settings}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="run the service")
    command.add_argument("--host", help="address to listen on, overrides DOORSTEP_HOST")
    command.add_argument("--port", type=int, help="port to listen on, overrides DOORSTEP_PORT")
    command.add_argument(
        "--demo", action="store_true", help="add invented people and visits, and show how to submit a record"
    )
    command.set_defaults(command=_serve)

    command = commands.add_parser("judge", help="judge bundles {visit, entries, now} without a server")
    command.add_argument("files", nargs="+", metavar="FILE", help="a bundle; - for one on each line of standard input")
    command.set_defaults(command=_judge)

    person = commands.add_parser("person", help="people").add_subparsers(required=True, metavar="ACTION")
    command = person.add_parser("add", help="add a person; prints a one-time code, and a token if asked")
    command.add_argument("login", metavar="LOGIN")
    command.add_argument("--name", required=True)
    command.add_argument("--role", action="append", required=True, choices=ROLES, help="may be repeated")
    command.add_argument("--area", action="append", default=[], help="片区; may be repeated")
    command.add_argument("--badge", default="", help="number on the ID card (工号), shown to customers")
    command.add_argument("--title", default="", help="job title, such as 维修员")
    command.add_argument("--token", action="store_true", help="make a bearer token for scripts")
    _add_create_option(command)
    command.set_defaults(command=_person_add)
    command = person.add_parser("invite", help="print a new one-time code for a person who forgot their password")
    command.add_argument("login", metavar="LOGIN")
    command.add_argument(
        "--reset", action="store_true", help="end password, authenticator, sessions and tokens at once"
    )
    command.set_defaults(command=_person_invite)

    command = person.add_parser("token", help="print a new token for a script")
    command.add_argument("login", metavar="LOGIN")
    command.add_argument("--name", required=True, help="what it is for")
    command.add_argument("--days", type=int, help="when it ends; by default after DOORSTEP_SCRIPT_DAYS")
    command.set_defaults(command=_person_token)

    keys = commands.add_parser("keys", help="keys outside the database").add_subparsers(required=True, metavar="ACTION")
    command = keys.add_parser("rotate", help="make a new sealing key and seal all secrets with it")
    command.set_defaults(command=_keys_rotate)
    command = keys.add_parser("new-log", help="begin a log of another name, after the database lost what was signed")
    command.add_argument("--name", required=True, help="such as HOST/log/DATE: one that was never used")
    command.set_defaults(command=_keys_new_log)

    command = commands.add_parser("lint", help="list what is wrong with a checklist")
    command.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    command.set_defaults(command=_lint)

    command = commands.add_parser("publish", help="publish a checklist")
    command.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    command.add_argument("--who", required=True, help="who decided it")
    command.add_argument("--why", required=True, help="the reason")
    _add_create_option(command)
    command.set_defaults(command=_publish)

    command = commands.add_parser("erase", help="erase a visit, all visits of a customer, or a person who has left")
    whose = command.add_mutually_exclusive_group(required=True)
    whose.add_argument("visit", nargs="?", metavar="VISIT", help="id of the visit")
    whose.add_argument("--customer", metavar="TEXT", help="telephone, name or account: all visits of that customer")
    whose.add_argument("--staff", metavar="LOGIN", help="a person of the utility who has left")
    command.add_argument("--why", required=True, help="the reason, without names: it is kept")
    command.add_argument("--who", default="console", help="who decided it [console]")
    command.add_argument("--yes", type=int, metavar="COUNT", help="how many visits of the customer there are")
    command.add_argument("--dry-run", action="store_true", help="only list what would be erased, in every place")
    command.set_defaults(command=_erase)

    command = commands.add_parser("retention", help="delete what has been kept for its term, as every night")
    command.add_argument("--dry-run", action="store_true", help="only print what would go")
    command.set_defaults(command=_retention)

    command = commands.add_parser("export-person", help="write a copy of a customer's data into a ZIP file")
    command.add_argument("customer", metavar="TEXT", help="telephone, name or account of the customer")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--why", required=True, help="the reason, which the history of each visit shows")
    command.add_argument("--who", default="console", help="who asked for it [console]")
    command.set_defaults(command=_export_person)

    command = commands.add_parser("verify", help="check everything stored against the log")
    command.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="compare the log with the signed checkpoints in a file, which was kept elsewhere; may be repeated",
    )
    command.add_argument("--key", default="", help="verifier key of the log; by default that of the data folder")
    command.set_defaults(command=_verify)
    command = commands.add_parser(
        "verify-proof", help="check a proof, a receipt or a customer's copy without a database"
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--key", default="", help="verifier key of the log, from where you trust it")
    command.add_argument("--content", type=Path, metavar="FILE", help="the exact bytes that were logged")
    command.set_defaults(command=_verify_proof)

    command = commands.add_parser("check", help="list what is not set before the service goes live")
    command.add_argument("--json", action="store_true", help="everything, for programs")
    command.set_defaults(command=_check)

    command = commands.add_parser("backup", help="copy everything into a new folder, while servers run")
    command.add_argument("target", type=Path, metavar="TARGET", help="folder of all backups, on another disk")
    command.add_argument("--keep", type=int, default=0, metavar="N", help="remove all but the last N; 0: none")
    command.add_argument("--no-verify", dest="verify", action="store_false", help="do not verify the copy now")
    command.add_argument("--keys", action="store_true", help="copy the folder of keys, too")
    command.add_argument("--bucket", action="store_true", help="copy photos that are in a bucket, too")
    command.set_defaults(command=_backup)

    command = commands.add_parser("restore", help="restore a backup into an empty data folder and database")
    command.add_argument("source", type=Path, metavar="SOURCE", help="a backup: a folder named by its time")
    command.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="the former checkpoints file: tells what is missing",
    )
    command.add_argument("--skip-damaged", action="store_true", help="restore without damaged or missing photos")
    command.set_defaults(command=_restore)

    commands.add_parser("openapi", help="print the OpenAPI document").set_defaults(command=_openapi)
    return parser


def _add_create_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--create", action="store_true", help="create the database if there is none; not needed for an empty folder"
    )


def _run(settings: Settings, action: "Callable[[AppContext], Awaitable[T]]", *, create: bool | None = None) -> T:
    """Run an action on the database; for `create` see `require_database`."""
    from service.audit_log import checkpoints
    from service.lifecycle import build_context, open_context, require_database

    async def run() -> T:
        await require_database(settings, create=create)
        async with open_context(build_context(settings)) as ctx:
            result = await action(ctx)
            await checkpoints.settle(ctx)
            return result

    return asyncio.run(run())


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    from service import server

    given = {name: getattr(options, name) for name in ("host", "port") if getattr(options, name) is not None}
    settings = msgspec.structs.replace(settings, **given)
    if not 0 <= settings.port <= 65535:
        raise SettingsError("the port must be a number from 0 to 65535")
    return server.serve(settings, demo=options.demo)


def _judge(options: argparse.Namespace, _: Settings) -> int:
    from service.checklists import judge_bundles

    return judge_bundles.judge_all(options.files, sys.stdout.buffer)


def _person_add(options: argparse.Namespace, settings: Settings) -> int:
    from service.staff import people

    person = normalized(
        NewPerson(options.login, options.name, tuple(options.role), tuple(options.area), options.badge, options.title)
    )

    async def add(ctx: "AppContext") -> people.InvitationIssued:
        return await people.create_person(ctx, person, with_token=options.token)

    return _print(_run(settings, add, create=options.create))


def _person_invite(options: argparse.Namespace, settings: Settings) -> int:
    from service.staff import people

    return _print(_run(settings, lambda ctx: people.invite_from_console(ctx, options.login, reset=options.reset)))


def _keys_new_log(options: argparse.Namespace, settings: Settings) -> int:
    from service.audit_log import checkpoints

    return _print({"log": _run(settings, lambda ctx: checkpoints.begin_new_log(ctx, options.name))})


def _person_token(options: argparse.Namespace, settings: Settings) -> int:
    from service.accounts import tokens

    if options.days is not None and not 1 <= options.days <= 3660:
        raise SettingsError("--days must be a number from 1 to 3660")
    name = " ".join(options.name.split())[:100]
    return _print(
        {"token": _run(settings, lambda ctx: tokens.make_script_token(ctx, options.login, name, options.days))}
    )


def _keys_rotate(_: argparse.Namespace, settings: Settings) -> int:
    from service.lifecycle import replace_sealing_key

    return _print({"sealing": _run(settings, replace_sealing_key)})


def _lint(options: argparse.Namespace, _: Settings) -> int:
    from service.checklists import lint

    messages = lint.lint(options.folder)
    for message in messages:
        sys.stdout.write(f"{message}\n")
    return 1 if messages else 0


def _publish(options: argparse.Namespace, settings: Settings) -> int:
    from service.checklists import publish

    return _print(
        _run(
            settings,
            lambda ctx: publish.publish(ctx, options.folder, options.who, options.why),
            create=options.create,
        )
    )


def _erase(options: argparse.Namespace, settings: Settings) -> int:
    from service.privacy import commands

    async def erase(ctx: "AppContext") -> commands.Erasures:
        who, why, dry_run = options.who, options.why, options.dry_run
        if options.customer:
            confirmed = options.yes
            return await commands.erase_customer(ctx, options.customer, who, why, confirmed=confirmed, dry_run=dry_run)
        if options.staff:
            return await commands.erase_person(ctx, options.staff, who, why, dry_run=dry_run)
        return await commands.erase_visit(ctx, options.visit, who, why, dry_run=dry_run)

    try:
        return _print(_run(settings, erase))
    except commands.Unconfirmed as error:
        return _fail(str(error), 2)


def _retention(options: argparse.Namespace, settings: Settings) -> int:
    from service.privacy import retention

    async def work(ctx: "AppContext") -> retention.RetentionRun:
        if options.dry_run:
            return await retention.preview(ctx)
        return await retention.run_night(ctx) or (await retention.last_runs(ctx))[0]  # tonight's, if it was done

    return _print(_run(settings, work))


def _export_person(options: argparse.Namespace, settings: Settings) -> int:
    from service.privacy import export

    async def work(ctx: "AppContext") -> bytes:
        return await export.export_customer(ctx, options.customer, options.who, options.why)

    content = _run(settings, work)
    options.file.touch(0o600, exist_ok=False)
    options.file.write_bytes(content)
    return 0


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    from service.lifecycle import open_read_only
    from service.verify import log

    async def verify() -> log.VerificationReport:
        async with open_read_only(settings) as ctx:
            return await log.verify(ctx, options.checkpoint, options.key)

    report = asyncio.run(verify())
    _print(report)
    return 1 if report.faults else 0


def _verify_proof(options: argparse.Namespace, _: Settings) -> int:
    from service.verify import proof

    content = options.content.read_bytes() if options.content else None
    report = proof.verify_proofs(options.file.read_bytes(), options.key, content)
    _print(report)
    return 1 if report.faults else 0


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from service.preflight.examine import examine
    from service.preflight.finding import as_text

    findings = asyncio.run(examine(settings))
    if options.json:
        _print(findings)
    else:
        sys.stdout.write(as_text(findings) + "\n")
    return 1 if any(one.grade == "must" for one in findings) else 0


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from service.backup import making

    report = asyncio.run(
        making.make_backup(
            settings,
            options.target.absolute(),
            keep=max(0, options.keep),
            verify=options.verify,
            keys=options.keys,
            bucket=options.bucket,
        )
    )
    _print(report)
    if report.same_disk:
        sys.stderr.write("doorstep: 备份与数据在同一块磁盘上 / the backup is on the same disk as the data\n")
    return 1 if report.fault_count else 0


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from service.backup import restoring

    report = asyncio.run(
        restoring.restore_backup(
            settings, options.source.absolute(), checkpoint=options.checkpoint, skip_damaged=options.skip_damaged
        )
    )
    _print(report)
    if not report.log_continues:
        sys.stderr.write(f"doorstep: {restoring.NEW_LOG_NEEDED}\n")
    return 1 if report.fault_count else 0


def _openapi(_: argparse.Namespace, __: Settings) -> int:
    from service import openapi
    from service.app import litestar

    sys.stdout.write(openapi.text(litestar()))
    return 0
