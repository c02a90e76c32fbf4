"""The command line: `doorstep …`, or `python -m service …`.

Exit status: 0, 1 when it did not work, 2 when it was asked wrongly.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from service import openapi, server
from service.accounts.validation import ROLES, NewPerson, normalized
from service.app import build_context, commanded, litestar, looked_at, need_database
from service.checklists import judge_bundles, lint_folder, publish
from service.checklists.loader import bundled_checklists_dir
from service.checklists.source import ChecklistParseError
from service.config import Settings, SettingsError, describe_settings, load_settings
from service.db.migrate import DatabaseTooNew, NoDatabase, OlderDatabase
from service.errors import Problem
from service.staff import people
from service.verify import log
from service.web import access_log

Command = Callable[[argparse.Namespace, Settings], int]
EXPECTED_ERRORS = (
    publish.PublishError,
    people.PersonError,
    DatabaseTooNew,
    OlderDatabase,
    ChecklistParseError,
    OSError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(os.environ)
        access_log.configure_logging(settings.log, settings.log_level)
        command: Command = options.command
        return command(options, settings)
    except SettingsError as error:
        return _say(str(error), 2)
    except BrokenPipeError:  # whoever read our output has enough; Python would complain once more on leaving
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Problem as problem:
        return _say(f"{problem.title_zh} / {problem.title_en} {problem.detail}", 1)
    except NoDatabase as error:
        return _say(f"{error}\n{_instead(options)}", 1)
    except EXPECTED_ERRORS as error:
        return _say(str(error), 1)


def _say(text: str, status: int) -> int:
    sys.stderr.write(f"doorstep: {text}\n")
    return status


def _instead(options: argparse.Namespace) -> str:
    """What to do where there is no database."""
    zh, en = ("，或加 --create", ", or add --create") if "create" in options else ("", "")
    return (
        f"请核对 DOORSTEP_DATA 和 DOORSTEP_DATABASE；要新建，请先运行一次 doorstep serve{zh} / "
        f"check DOORSTEP_DATA and DOORSTEP_DATABASE; to make a new one start `doorstep serve` once{en}"
    )


def _print(content: object) -> None:
    sys.stdout.write(msgspec.json.encode(content).decode() + "\n")


def _parser() -> argparse.ArgumentParser:
    settings = "\n".join(f"  {name}  {about} [{default}]" for name, default, about in describe_settings())
    parser = argparse.ArgumentParser(
        prog="doorstep",
        description="上门: keeps records of visits and judges them by section 4.3.",
        epilog=f"Settings are environment variables:\n{settings}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("serve", help="run the service")
    one.add_argument("--host", help="address to listen on, before DOORSTEP_HOST")
    one.add_argument("--port", type=int, help="port to listen on, before DOORSTEP_PORT")
    one.add_argument(
        "--demo", action="store_true", help="add invented people and visits, and show how to submit a record"
    )
    one.set_defaults(command=_serve)

    one = commands.add_parser("judge", help="judge bundles {visit, entries, now} without a server")
    one.add_argument("files", nargs="+", metavar="FILE", help="a bundle; - for one on each line of standard input")
    one.set_defaults(command=_judge)

    person = commands.add_parser("person", help="people").add_subparsers(required=True, metavar="ACTION")
    one = person.add_parser("add", help="add somebody; prints a one-time code, and a token if asked")
    one.add_argument("login", metavar="LOGIN")
    one.add_argument("--name", required=True)
    one.add_argument("--role", action="append", required=True, choices=ROLES, help="may be repeated")
    one.add_argument("--area", action="append", default=[], help="片区; may be repeated")
    one.add_argument("--badge", default="", help="number on the ID card (工号), which customers are told")
    one.add_argument("--title", default="", help="what he is called, such as 维修员")
    one.add_argument("--token", action="store_true", help="make a bearer token for scripts")
    _may_create(one)
    one.set_defaults(command=_person_add)
    one = person.add_parser("invite", help="print a new one-time code for who forgot his password")
    one.add_argument("login", metavar="LOGIN")
    one.add_argument("--reset", action="store_true", help="end password, authenticator, sessions and tokens at once")
    one.set_defaults(command=_person_invite)

    one = commands.add_parser("lint", help="say what is wrong with a checklist")
    one.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    one.set_defaults(command=_lint)

    one = commands.add_parser("publish", help="publish a checklist")
    one.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    one.add_argument("--who", required=True, help="who decided it")
    one.add_argument("--why", required=True, help="the reason")
    _may_create(one)
    one.set_defaults(command=_publish)

    commands.add_parser("verify", help="check all that is kept against the log").set_defaults(command=_verify)
    commands.add_parser("openapi", help="print the OpenAPI document").set_defaults(command=_openapi)
    return parser


def _may_create(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--create",
        action="store_true",
        help="make the database where there is none; an empty folder needs no such word",
    )


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    given = {name: getattr(options, name) for name in ("host", "port") if getattr(options, name) is not None}
    settings = msgspec.structs.replace(settings, **given)
    if not 0 <= settings.port <= 65535:
        raise SettingsError("the port must be a number from 0 to 65535")
    return server.serve(settings, demo=options.demo)


def _judge(options: argparse.Namespace, _: Settings) -> int:
    return judge_bundles.judge_all(options.files, sys.stdout.buffer)


def _person_add(options: argparse.Namespace, settings: Settings) -> int:
    given = NewPerson(
        options.login, options.name, tuple(options.role), tuple(options.area), options.badge, options.title
    )
    person = normalized(given)

    async def work() -> people.InvitationIssued:
        await need_database(settings, in_empty=True, anywhere=options.create)
        async with commanded(build_context(settings)) as ctx:
            return await people.create_person(ctx, person, with_token=options.token)

    _print(asyncio.run(work()))
    return 0


def _person_invite(options: argparse.Namespace, settings: Settings) -> int:
    async def work() -> people.InvitationIssued:
        await need_database(settings)
        async with commanded(build_context(settings)) as ctx:
            return await people.invite_from_console(ctx, options.login, reset=options.reset)

    _print(asyncio.run(work()))
    return 0


def _lint(options: argparse.Namespace, _: Settings) -> int:
    messages = lint_folder.lint(options.folder)
    for message in messages:
        sys.stdout.write(f"{message}\n")
    return 1 if messages else 0


def _publish(options: argparse.Namespace, settings: Settings) -> int:
    async def work() -> publish.PublishedChecklist:
        await need_database(settings, in_empty=True, anywhere=options.create)
        async with commanded(build_context(settings)) as ctx:
            return await publish.publish(ctx, options.folder, options.who, options.why)

    _print(asyncio.run(work()))
    return 0


def _verify(_: argparse.Namespace, settings: Settings) -> int:
    async def work() -> log.VerificationReport:
        async with looked_at(settings) as ctx:
            return await log.verify(ctx)

    verified = asyncio.run(work())
    _print(verified)
    return 0 if not verified.faults else 1


def _openapi(_: argparse.Namespace, __: Settings) -> int:
    sys.stdout.write(openapi.text(litestar()))
    return 0
