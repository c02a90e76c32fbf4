"""`person`: people, their one-time codes and tokens."""

import argparse
from typing import TYPE_CHECKING

from service.accounts.validation import ROLES, NewPerson, normalized
from service.cli.running import Commands, add_create_option, print_json, run
from service.config.errors import SettingsError
from service.config.settings import Settings

if TYPE_CHECKING:
    from service.context import AppContext


def add_commands(commands: Commands) -> None:
    """Add these commands."""
    person = commands.add_parser("person", help="people").add_subparsers(required=True, metavar="ACTION")
    command = person.add_parser("add", help="add a person; prints a one-time code, and a token if asked")
    command.add_argument("login", metavar="LOGIN")
    command.add_argument("--name", required=True)
    command.add_argument("--role", action="append", required=True, choices=ROLES, help="may be repeated")
    command.add_argument("--area", action="append", default=[], help="片区; may be repeated")
    command.add_argument("--badge", default="", help="number on the ID card (工号), shown to customers")
    command.add_argument("--title", default="", help="job title, such as 维修员")
    command.add_argument("--token", action="store_true", help="make a bearer token for scripts")
    add_create_option(command)
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


def _person_add(options: argparse.Namespace, settings: Settings) -> int:
    from service.staff import people

    person = normalized(
        NewPerson(options.login, options.name, tuple(options.role), tuple(options.area), options.badge, options.title)
    )

    async def add(ctx: "AppContext") -> people.InvitationIssued:
        return await people.create_person(ctx, person, with_token=options.token)

    return print_json(run(settings, add, create=options.create))


def _person_invite(options: argparse.Namespace, settings: Settings) -> int:
    from service.staff import people

    return print_json(run(settings, lambda ctx: people.invite_from_console(ctx, options.login, reset=options.reset)))


def _person_token(options: argparse.Namespace, settings: Settings) -> int:
    from service.accounts import tokens

    if options.days is not None and not 1 <= options.days <= 3660:
        raise SettingsError("--days: 应为 1 到 3660 的整数 / it must be a whole number from 1 to 3660")
    name = " ".join(options.name.split())[:100]
    return print_json(
        {"token": run(settings, lambda ctx: tokens.make_script_token(ctx, options.login, name, options.days))}
    )
