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
    from service.checklists.publish import PublishError
    from service.checklists.source import ChecklistParseError
    from service.demo.people import NotADemonstration
    from service.keys import KeyUnusable
    from service.staff.people import PersonError

    return (
        PublishError,
        PersonError,
        DatabaseTooNew,
        OlderDatabase,
        KeyUnusable,
        NotADemonstration,
        ChecklistParseError,
        OSError,
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

    command = commands.add_parser("lint", help="list what is wrong with a checklist")
    command.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    command.set_defaults(command=_lint)

    command = commands.add_parser("publish", help="publish a checklist")
    command.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    command.add_argument("--who", required=True, help="who decided it")
    command.add_argument("--why", required=True, help="the reason")
    _add_create_option(command)
    command.set_defaults(command=_publish)

    commands.add_parser("verify", help="check everything stored against the log").set_defaults(command=_verify)
    commands.add_parser("openapi", help="print the OpenAPI document").set_defaults(command=_openapi)
    return parser


def _add_create_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--create", action="store_true", help="create the database if there is none; not needed for an empty folder"
    )


def _run(settings: Settings, action: "Callable[[AppContext], Awaitable[T]]", *, create: bool | None = None) -> T:
    """Run an action on the database; for `create` see `require_database`."""
    from service.audit_log import sequencer
    from service.lifecycle import build_context, open_context, require_database

    async def run() -> T:
        await require_database(settings, create=create)
        async with open_context(build_context(settings)) as ctx:
            result = await action(ctx)
            await sequencer.catch_up(ctx)
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


def _verify(_: argparse.Namespace, settings: Settings) -> int:
    from service.lifecycle import open_read_only
    from service.verify import log

    async def verify() -> log.VerificationReport:
        async with open_read_only(settings) as ctx:
            return await log.verify(ctx)

    report = asyncio.run(verify())
    _print(report)
    return 1 if report.faults else 0


def _openapi(_: argparse.Namespace, __: Settings) -> int:
    from service import openapi
    from service.app import litestar

    sys.stdout.write(openapi.text(litestar()))
    return 0
