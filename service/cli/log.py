"""`verify`, `verify-proof` and `keys`: the log, and the keys outside the database."""

import argparse
import asyncio
import sys
from pathlib import Path

from service.cli.running import Commands, print_json, run
from service.config import Settings


def add_commands(commands: Commands) -> None:
    """Add these commands."""
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

    keys = commands.add_parser("keys", help="keys outside the database").add_subparsers(required=True, metavar="ACTION")
    command = keys.add_parser("rotate", help="make a new sealing key and seal all secrets with it")
    command.set_defaults(command=_keys_rotate)
    command = keys.add_parser("new-log", help="begin a log of another name, after the database lost what was signed")
    command.add_argument("--name", required=True, help="such as HOST/log/DATE: one that was never used")
    command.set_defaults(command=_keys_new_log)


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    from service.lifecycle import open_read_only
    from service.verify import log

    async def verify() -> log.VerificationReport:
        async with open_read_only(settings) as ctx:
            return await log.verify(ctx, options.checkpoint, options.key)

    report = asyncio.run(verify())
    print_json(report)
    return 1 if report.faults else 0


def _verify_proof(options: argparse.Namespace, _: Settings) -> int:
    from service.verify import proof

    content = options.content.read_bytes() if options.content else None
    report = proof.verify_proofs(options.file.read_bytes(), options.key, content)
    print_json(report)
    if any(one.content for one in report.proofs):
        sys.stderr.write(proof.COMPARE + "\n")
    return 1 if report.faults else 0


def _keys_rotate(_: argparse.Namespace, settings: Settings) -> int:
    from service.lifecycle import replace_sealing_key

    return print_json({"sealing": run(settings, replace_sealing_key)})


def _keys_new_log(options: argparse.Namespace, settings: Settings) -> int:
    from service.lifecycle import begin_new_log

    return print_json({"log": run(settings, lambda ctx: begin_new_log(ctx, options.name))})
