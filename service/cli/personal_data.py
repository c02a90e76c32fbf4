"""`erase`, `retention`, `hold` and `export-person`: personal data leaves when it must, and stays when it must."""

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.running import Commands, fail, print_json, run
from service.config.settings import Settings
from service.text import is_visible

if TYPE_CHECKING:
    from service.context import AppContext


def _visible(text: str) -> str:
    """A text in which there is something to read."""
    if not is_visible(text):
        raise argparse.ArgumentTypeError("不能为空 / must not be empty")
    return text.strip()


def add_commands(commands: Commands) -> None:
    """Add these commands."""
    command = commands.add_parser(
        "erase",
        help="删除一次上门、一个客户的全部上门，或一名离职人员 / "
        "erase a visit, a customer's visits, or a former employee",
    )
    whose = command.add_mutually_exclusive_group(required=True)
    whose.add_argument("visit", nargs="?", metavar="VISIT", help="上门的编号 / id of the visit")
    whose.add_argument(
        "--customer",
        metavar="TEXT",
        help="电话、姓名或户号：该客户的全部上门 / telephone, name or account: all visits of that customer",
    )
    whose.add_argument("--staff", metavar="LOGIN", help="离职人员的登录名 / login of a former employee")
    command.add_argument(
        "--why", required=True, type=_visible, help="原因，不写姓名：会保留 / the reason, without names: it is kept"
    )
    command.add_argument("--who", default="console", help="谁决定的 / who decided it [console]")
    command.add_argument(
        "--yes", type=int, metavar="COUNT", help="该客户的上门次数 / how many visits of the customer there are"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="只列出各处会删除什么 / only list what would be erased, in every place"
    )
    command.set_defaults(command=_erase)

    command = commands.add_parser(
        "retention", help="删除到期的内容，与每夜自动做的相同 / delete what has been kept for its term, as every night"
    )
    command.add_argument("--dry-run", action="store_true", help="只打印会删除什么 / only print what would go")
    command.set_defaults(command=_retention)

    command = commands.add_parser(
        "hold",
        help="保全一个户号或一次上门，不删除 / hold an account, none of whose visits is then erased, or one visit",
    )
    command.add_argument(
        "account",
        nargs="?",
        type=_visible,
        metavar="ACCOUNT",
        help="账单上的户号，以后的上门也算；不写则列出保全 / the number on the bill, visits may come later; without it"
        " holds are listed",
    )
    command.add_argument("--visit", type=_visible, help="改为保全一次上门，写编号 / hold one visit instead, by its id")
    command.add_argument(
        "--why", type=_visible, help="原因，例如案号，必填 / the reason, such as the number of the case; required"
    )
    command.add_argument("--who", default="console", help="谁决定的 / who decided it [console]")
    command.add_argument(
        "--until",
        type=date.fromisoformat,
        metavar="DATE",
        help="到哪一天；不写则到解除为止 / until when [until it is ended]",
    )
    command.add_argument("--end", action="store_true", help="改为解除它的保全 / end its holds instead")
    command.set_defaults(command=_hold)

    command = commands.add_parser(
        "export-person", help="把一个客户的资料写成 ZIP 文件 / write a copy of a customer's data into a ZIP file"
    )
    command.add_argument(
        "customer", metavar="TEXT", help="客户的电话、姓名或户号 / telephone, name or account of the customer"
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument(
        "--why",
        required=True,
        type=_visible,
        help="原因，每次上门的经过里会写 / the reason, which the history of each visit shows",
    )
    command.add_argument("--who", default="console", help="谁要的 / who asked for it [console]")
    command.set_defaults(command=_export_person)


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
        return print_json(run(settings, erase))
    except commands.Unconfirmed as error:
        return fail(str(error), 2)


def _retention(options: argparse.Namespace, settings: Settings) -> int:
    from service.privacy import retention

    async def work(ctx: "AppContext") -> retention.RetentionRun:
        if options.dry_run:
            return await retention.preview(ctx)
        return await retention.run_night(ctx) or (await retention.last_runs(ctx))[0]  # tonight's, if it was done

    return print_json(run(settings, work))


def _hold(options: argparse.Namespace, settings: Settings) -> int:
    from service.privacy import commands

    if options.account is None and options.visit is None:
        return print_json(run(settings, commands.list_holds))
    if options.why is None:
        return fail("--why：请写原因 / give a reason", 2)

    async def work(ctx: "AppContext") -> commands.Holds:
        hold = commands.typed_hold(ctx, options.until, account=options.account, visit=options.visit, reason=options.why)
        return await (commands.end_holds if options.end else commands.set_hold)(ctx, hold, options.who)

    return print_json(run(settings, work))


def _export_person(options: argparse.Namespace, settings: Settings) -> int:
    from service.privacy import export

    async def work(ctx: "AppContext") -> bytes:
        return await export.export_customer(ctx, options.customer, options.who, options.why)

    options.file.touch(0o600, exist_ok=False)  # first: a copy that nobody gets would be noted
    try:
        options.file.write_bytes(run(settings, work))
    except BaseException:
        options.file.unlink()
        raise
    return 0
