"""`backup` and `restore`."""

import argparse
import asyncio
import sys
from pathlib import Path

from service.cli.running import Commands, print_json
from service.config.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add these commands."""
    command = commands.add_parser(
        "backup", help="备份全部内容到新的文件夹，服务照常运行 / copy everything into a new folder, while servers run"
    )
    command.add_argument(
        "target",
        type=Path,
        metavar="TARGET",
        help="放各次备份的文件夹，在另一块磁盘上 / folder of all backups, on another disk",
    )
    command.add_argument(
        "--keep",
        type=int,
        default=0,
        metavar="N",
        help="只留最近 N 份；0：全部保留 / remove all but the last N; 0: none",
    )
    command.add_argument(
        "--no-verify", dest="verify", action="store_false", help="这次不核验 / do not verify the copy now"
    )
    command.add_argument("--keys", action="store_true", help="也备份密钥文件夹 / copy the folder of keys, too")
    command.add_argument(
        "--bucket", action="store_true", help="也备份对象存储里的照片 / copy photos that are in a bucket, too"
    )
    command.set_defaults(command=_backup)

    command = commands.add_parser(
        "restore", help="把备份恢复到空的数据文件夹和数据库 / restore a backup into an empty data folder and database"
    )
    command.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="一份备份：以时间命名的文件夹 / a backup: a folder named by its time",
    )
    command.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="原来的 checkpoints 文件：可知少了什么 / the former checkpoints file: tells what is missing",
    )
    command.add_argument(
        "--skip-damaged", action="store_true", help="不恢复损坏或缺失的照片 / restore without damaged or missing photos"
    )
    command.set_defaults(command=_restore)


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
    print_json(report)
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
    print_json(report)
    if not report.log_continues:
        sys.stderr.write(f"doorstep: {restoring.NEW_LOG_NEEDED}\n")
    return 1 if report.fault_count else 0
