"""The command line: `doorstep …`, or `python -m service …`.

Exit status: 0 on success, 1 on failure, 2 on wrong usage.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from service.cli import checklists, copies, log, people, personal_data, serving
from service.cli.failures import problem_text, system_text
from service.cli.running import fail
from service.config.described import describe_settings
from service.config.errors import SettingsError
from service.config.loading import load_settings
from service.config.settings import Settings
from service.db.migrate import DatabaseTooNew, NoDatabase, OlderDatabase
from service.errors import Problem
from service.private_files import create_privately
from service.web import access_log

Command = Callable[[argparse.Namespace, Settings], int]


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
        return fail(str(error), 2)
    except BrokenPipeError:  # the reader of our output has closed it; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Problem as problem:
        return fail(problem_text(problem))
    except NoDatabase as error:
        zh, en = ("，或加 --create", ", or add --create") if "create" in options else ("", "")
        return fail(
            f"{error}\n请核对 DOORSTEP_DATA 和 DOORSTEP_DATABASE；要新建，请先运行一次 doorstep serve{zh} / "
            f"check DOORSTEP_DATA and DOORSTEP_DATABASE; to make a new one start `doorstep serve` once{en}"
        )
    except OSError as error:
        return fail(system_text(error))
    except _expected_errors() as error:
        return fail(str(error))


def _expected_errors() -> tuple[type[Exception], ...]:
    from service.audit_log.notes import InvalidNote
    from service.backup.manifest import BackupError
    from service.checklists.publish import PublishError
    from service.checklists.source import ChecklistParseError
    from service.db.copies import CopyDamaged
    from service.db.postgres_tools import ToolFailed
    from service.demo.people import NotADemonstration
    from service.keys import KeyUnusable
    from service.lifecycle import RestoreUnfinished
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
        PersonError,
        PublishError,
        RestoreUnfinished,
        ToolFailed,
    )


def _parser() -> argparse.ArgumentParser:
    settings = "\n".join(
        f"  {one.variable} {f'[{one.default}]' if one.default else ''}\n      {one.about.zh}\n      {one.about.en}"
        for one in describe_settings()
    )
    parser = argparse.ArgumentParser(
        prog="doorstep",
        description="上门：保存上门记录，按规范 4.3 判定 / keeps records of visits and judges them by section 4.3.",
        epilog=f"设置都是环境变量 / Settings are environment variables:\n{settings}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (serving, people, checklists, log, personal_data, copies):
        module.add_commands(commands)
    return parser
