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
    person = commands.add_parser("person", help="人员 / people").add_subparsers(required=True, metavar="ACTION")
    command = person.add_parser(
        "add",
        help="添加人员；打印一次性代码，需要时还有令牌 / add a person; prints a one-time code, and a token if asked",
    )
    command.add_argument("login", metavar="LOGIN")
    command.add_argument("--name", required=True)
    command.add_argument("--role", action="append", required=True, choices=ROLES, help="可以写多次 / may be repeated")
    command.add_argument("--area", action="append", default=[], help="片区；可以写多次 / area; may be repeated")
    command.add_argument("--badge", default="", help="工号，客户看得到 / number on the ID card, shown to customers")
    command.add_argument("--title", default="", help="职务，如维修员 / job title")
    command.add_argument("--token", action="store_true", help="生成脚本用的令牌 / make a bearer token for scripts")
    add_create_option(command)
    command.set_defaults(command=_person_add)
    command = person.add_parser(
        "invite",
        help="给忘记密码的人打印新的一次性代码 / print a new one-time code for a person who forgot their password",
    )
    command.add_argument("login", metavar="LOGIN")
    command.add_argument(
        "--reset",
        action="store_true",
        help="密码、验证器、登录和令牌立即作废 / end password, authenticator, sessions and tokens at once",
    )
    command.set_defaults(command=_person_invite)

    command = person.add_parser("token", help="打印脚本用的新令牌 / print a new token for a script")
    command.add_argument("login", metavar="LOGIN")
    command.add_argument("--name", required=True, help="用途 / what it is for")
    command.add_argument(
        "--days",
        type=int,
        help="多少天后失效；默认按 DOORSTEP_SCRIPT_DAYS / when it ends; by default after DOORSTEP_SCRIPT_DAYS",
    )
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
