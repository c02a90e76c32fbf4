"""`judge`, `lint` and `publish`: checklists, and what they say of visits."""

import argparse
import sys
from pathlib import Path

from service.checklists.loader import bundled_checklists_dir
from service.cli.running import Commands, add_create_option, print_json, run
from service.config.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add these commands."""
    command = commands.add_parser(
        "judge",
        help="不用服务器，判定 {visit, entries, now} 文件 / judge bundles {visit, entries, now} without a server",
    )
    command.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="要判定的文件；-：标准输入，每行一份 / a bundle; - for one on each line of standard input",
    )
    command.set_defaults(command=_judge)

    command = commands.add_parser("lint", help="列出清单里的错误 / list what is wrong with a checklist")
    command.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    command.set_defaults(command=_lint)

    command = commands.add_parser("publish", help="发布清单 / publish a checklist")
    command.add_argument("folder", nargs="?", type=Path, default=bundled_checklists_dir(), metavar="FOLDER")
    command.add_argument("--who", required=True, help="谁决定的 / who decided it")
    command.add_argument("--why", required=True, help="原因 / the reason")
    add_create_option(command)
    command.set_defaults(command=_publish)


def _judge(options: argparse.Namespace, _: Settings) -> int:
    from service.checklists import judge_bundles

    return judge_bundles.judge_all(options.files, sys.stdout.buffer)


def _lint(options: argparse.Namespace, _: Settings) -> int:
    from service.checklists import lint

    messages = lint.lint(options.folder)
    for message in messages:
        sys.stdout.write(f"{message}\n")
    return 1 if messages else 0


def _publish(options: argparse.Namespace, settings: Settings) -> int:
    from service.checklists import publish

    return print_json(
        run(
            settings,
            lambda ctx: publish.publish(ctx, options.folder, options.who, options.why),
            create=options.create,
        )
    )
